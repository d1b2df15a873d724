// ali-oss, the SDK for Node, in signature versions 1 and 4, by path and by the host name that it makes of an IP.
const OSS = require("ali-oss");
const assert = require("assert");
const { URL } = require("url");

const endpoint = new URL(process.env.TEST_ENDPOINT);
const base = {
  accessKeyId: process.env.OSS_ACCESS_KEY_ID,
  accessKeySecret: process.env.OSS_ACCESS_KEY_SECRET,
  bucket: process.env.TEST_BUCKET,
  region: "oss-cn-hangzhou",
  secure: false,
};
const byPath = { endpoint: `http://localhost:${endpoint.port}`, sldEnable: true };
const byHost = { endpoint: process.env.TEST_ENDPOINT };

async function refused(call, status, code) {
  await assert.rejects(call, (error) => {
    assert.deepStrictEqual([error.status, error.code], [status, code]);
    assert(error.requestId);
    return true;
  });
}

async function objects(oss) {
  const body = Buffer.from("Hello OSS");
  await oss.put("dir/a b+ü.txt", body, {
    meta: { author: "Jane", Price: "100 dollar" },
    headers: { "Cache-Control": "no-cache", "x-oss-tagging": "owner=John", "x-oss-storage-class": "IA" },
  });
  const head = await oss.head("dir/a b+ü.txt");
  assert.deepStrictEqual(head.meta, { author: "Jane", price: "100 dollar" });
  assert.strictEqual(head.res.headers["cache-control"], "no-cache");
  assert.strictEqual(head.res.headers["x-oss-storage-class"], "IA");
  assert.deepStrictEqual((await oss.get("dir/a b+ü.txt")).content, body);
  await refused(() => oss.head("missing"), 404, "NoSuchKey");

  // putMeta replaces all metadata and headers, and keeps the tags.
  await oss.putMeta("dir/a b+ü.txt", { other: "1" });
  const after = await oss.head("dir/a b+ü.txt");
  assert.deepStrictEqual(after.meta, { other: "1" });
  assert.strictEqual(after.res.headers["cache-control"], undefined);
  assert.deepStrictEqual((await oss.getObjectTagging("dir/a b+ü.txt")).tag, { owner: "John" });

  await oss.putObjectTagging("dir/a b+ü.txt", { a: "1", "b c": "2+3" });
  assert.deepStrictEqual((await oss.getObjectTagging("dir/a b+ü.txt")).tag, { a: "1", "b c": "2+3" });
  await oss.deleteObjectTagging("dir/a b+ü.txt");
  assert.deepStrictEqual((await oss.getObjectTagging("dir/a b+ü.txt")).tag, {});

  await oss.copy("copy", "dir/a b+ü.txt", { headers: { "x-oss-tagging-directive": "Replace", "x-oss-tagging": "c=1" } });
  assert.deepStrictEqual((await oss.head("copy")).meta, { other: "1" });
  assert.deepStrictEqual((await oss.getObjectTagging("copy")).tag, { c: "1" });
  await oss.copy("copy", "dir/a b+ü.txt", { meta: { new: "2" }, headers: { "Cache-Control": "no-store" } });
  const copied = await oss.head("copy");
  assert.deepStrictEqual([copied.meta, copied.res.headers["cache-control"]], [{ new: "2" }, "no-store"]);

  const stream = require("stream").Readable.from([Buffer.from("streamed "), Buffer.from("body")]);
  await oss.putStream("streamed", stream);
  assert.strictEqual((await oss.get("streamed")).content.toString(), "streamed body");

  await oss.putACL("copy", "public-read");
  assert.strictEqual((await oss.getACL("copy")).acl, "public-read");
  await oss.putSymlink("link ü", "dir/a b+ü.txt", { meta: { whose: "link" }, storageClass: "IA" });
  assert.strictEqual((await oss.getSymlink("link ü")).targetName, "dir/a b+ü.txt");
  assert.deepStrictEqual((await oss.get("link ü")).content, body);
}

async function large(oss) {
  const part = Buffer.alloc(100 * 1024, "0123456789");
  const file = require("path").join(require("os").tmpdir(), `ali-oss-${process.pid}`);
  require("fs").writeFileSync(file, Buffer.concat([part, part, Buffer.from("end")]));
  try {
    await oss.multipartUpload("large", file, { partSize: part.length, meta: { a: "1" }, headers: { "x-oss-tagging": "t=1" } });
    assert.deepStrictEqual((await oss.head("large")).meta, { a: "1" });
    assert.deepStrictEqual((await oss.getObjectTagging("large")).tag, { t: "1" });
    assert.deepStrictEqual((await oss.get("large")).content, require("fs").readFileSync(file));

    // Interrupted after its first part, resumed from the checkpoint.
    let checkpoint;
    const interrupt = (progress, point) => {
      checkpoint = point || checkpoint;
      if (checkpoint && checkpoint.doneParts.length === 1) throw new Error("interrupted");
    };
    await assert.rejects(() => oss.multipartUpload("resumed", file, { partSize: part.length, parallel: 1, progress: interrupt }));
    await oss.multipartUpload("resumed", file, { partSize: part.length, checkpoint });
    assert.deepStrictEqual((await oss.get("resumed")).content, require("fs").readFileSync(file));
    await oss.multipartUploadCopy("copied", { sourceKey: "large", sourceBucketName: process.env.TEST_BUCKET }, { partSize: part.length });
    assert.deepStrictEqual((await oss.get("copied")).content, require("fs").readFileSync(file));
  } finally {
    require("fs").unlinkSync(file);
  }

  await oss.append("log", Buffer.from("one,"), { meta: { a: "1" } });
  const appended = await oss.append("log", Buffer.from("two"), { position: 4 });
  assert.strictEqual(String(appended.nextAppendPosition), "7");
  assert.strictEqual((await oss.get("log")).content.toString(), "one,two");
  await refused(() => oss.append("log", Buffer.from("x"), { position: 1 }), 409, "PositionNotEqualToLength");
}

async function lists(oss) {
  const v2 = await oss.listV2({ prefix: "dir/", "max-keys": "10" });
  assert.deepStrictEqual(v2.objects.map((o) => o.name), ["dir/a b+ü.txt"]);
  const v1 = await oss.list({ delimiter: "/", "max-keys": 1000 });
  assert.deepStrictEqual(v1.prefixes, ["dir/"]);
  const names = v1.objects.map((o) => o.name);
  assert(names.includes("large") && v1.objects[0].owner.id);
  const deleted = await oss.deleteMulti(names);
  assert.deepStrictEqual(deleted.deleted.map((d) => d.Key).sort(), names.sort());
  await oss.delete("dir/a b+ü.txt");
  assert.strictEqual((await oss.listV2({})).keyCount, 0);
  const info = await oss.getBucketInfo(process.env.TEST_BUCKET);
  assert.strictEqual(info.bucket.Name, process.env.TEST_BUCKET);
}

async function main() {
  for (const where of [byPath, byHost]) {
    for (const authorizationV4 of [false, true]) {
      const oss = new OSS({ ...base, ...where, authorizationV4 });
      for (const check of [objects, large, lists]) await check(oss);
      const wrong = new OSS({ ...base, ...where, authorizationV4, accessKeySecret: "wrong" });
      await refused(() => wrong.get("a"), 403, "SignatureDoesNotMatch");
      const unknown = new OSS({ ...base, ...where, authorizationV4, accessKeyId: "nobody" });
      await refused(() => unknown.put("a", Buffer.from("x")), 403, "InvalidAccessKeyId");
    }
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
