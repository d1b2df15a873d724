//! Several mounts and programs without rules on one object, at random times.

use super::*;
use std::time::Duration;

/// Makes `n` edits of one object one after the other, as `setfattr` in a loop does, and returns the longest wait.
async fn edit_in_turn(mount: Mount, writer: usize, n: usize, between: Duration) -> Duration {
    let mut longest = Duration::ZERO;
    for i in 0..n {
        let began = Instant::now();
        mount
            .set("a", &format!("w{writer}-{i}"), "v")
            .await
            .unwrap();
        longest = longest.max(began.elapsed());
        tokio::time::sleep(between).await;
    }
    longest
}

async fn contend(world: &World, mounts: Vec<Mount>, edits: usize, between: Duration) -> Duration {
    let before = world.record("a").meta.properties.user.len();
    let writers = mounts.len();
    let tasks: Vec<_> = (0..writers)
        .zip(mounts)
        .map(|(writer, mount)| tokio::spawn(edit_in_turn(mount, writer, edits, between)))
        .collect();
    let mut longest = Duration::ZERO;
    for task in tasks {
        longest = longest.max(task.await.unwrap());
    }
    let there = world.record("a").meta.properties.user.len();
    assert_eq!(there, before + writers * edits, "no edit is lost");
    longest
}

#[tokio::test(start_paused = true)]
async fn two_mounts_share_an_object_and_no_edit_waits_15_seconds() {
    for (latency, between) in [(2, 5), (20, 5), (20, 400), (100, 5), (300, 5), (300, 1000)] {
        let memory = Arc::new(World::memory(&OSS));
        let latency = Duration::from_millis(latency);
        let fault = Arc::new(Fault::new(memory.clone()).with_latency(latency));
        let world = World { memory, fault };
        world.object("a").await;
        let mounts = vec![world.mount(), world.mount()];
        let longest = contend(&world, mounts, 30, Duration::from_millis(between)).await;
        assert!(
            longest < Duration::from_secs(15),
            "{latency:?}, {between} ms: {longest:?}"
        );
    }
}

/// Four mounts, and a program without any rule that reads, waits a moment and writes the whole back, but never on a
/// view older than another's write: what the protocol promises is that nothing that was there is lost, whoever wrote
/// it.
#[tokio::test(start_paused = true)]
async fn four_mounts_and_a_writer_without_rules_lose_nothing() {
    for seed in 0..8 {
        let mut random = fastrand::Rng::with_seed(seed);
        let world = World::new(&OSS);
        world.object("a").await;
        let mounts: Vec<Mount> = (0..4).map(|_| world.mount()).collect();
        let foreign = {
            let memory = world.memory.clone();
            let mut random = random.fork();
            tokio::spawn(async move {
                for i in 0..20 {
                    tokio::time::sleep(Duration::from_millis(random.u64(100..3000))).await;
                    memory.rewrite(&key("a"), |record| {
                        let name = format!("sdk-{i}").into();
                        record.meta.properties.user.insert(name, (*b"v").into());
                    });
                }
            })
        };
        let tasks: Vec<_> = (0..4)
            .zip(mounts)
            .map(|(writer, mount)| {
                let mut random = random.fork();
                tokio::spawn(async move {
                    for i in 0..10 {
                        tokio::time::sleep(Duration::from_millis(random.u64(0..900))).await;
                        mount
                            .set("a", &format!("w{writer}-{i}"), "v")
                            .await
                            .unwrap();
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        foreign.await.unwrap();
        let user = world.record("a").meta.properties.user;
        let ours = user
            .iter()
            .filter(|(name, _)| name.starts_with('w'))
            .count();
        assert_eq!(ours, 40, "seed {seed}");
    }
}
