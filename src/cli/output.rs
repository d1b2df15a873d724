//! How things are written for people: one-line messages, counts and sizes.

use std::fmt::Write;

/// Prints to stdout. A reader that has gone away, such as `head`, is no failure.
pub(super) fn print(text: &str) {
    let _ = std::io::Write::write_all(&mut std::io::stdout(), text.as_bytes());
}

/// Replaces control characters, so that a message stays one line and moves no cursor.
pub(super) fn one_line(message: &str) -> String {
    let mut line = String::with_capacity(message.len());
    for c in message.trim_end().chars() {
        match c {
            '\n' => line.push(' '),
            c if c.is_control() => {
                write!(line, "{}", c.escape_default()).expect("a string takes all");
            }
            c => line.push(c),
        }
    }
    line
}

/// Writes a count with its thousands apart: `1,234,567`.
pub(super) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Writes a number of bytes in the largest unit that it fills: `1.5 MiB`.
pub(super) fn bytes(n: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if n < 1024 {
        return format!("{n} B");
    }
    let mut value = n as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_case::test_case;

    #[test_case(0 => "0")]
    #[test_case(999 => "999")]
    #[test_case(1000 => "1,000")]
    #[test_case(1_234_567 => "1,234,567")]
    fn counts(n: u64) -> String {
        count(n)
    }

    #[test_case(0 => "0 B")]
    #[test_case(1023 => "1023 B")]
    #[test_case(1536 => "1.5 KiB")]
    #[test_case(5 << 30 => "5.0 GiB")]
    #[test_case(u64::MAX => "16384.0 PiB")]
    fn sizes(n: u64) -> String {
        bytes(n)
    }

    #[test_case("plain ü\n" => "plain ü"; "text")]
    #[test_case("two\nlines" => "two lines"; "a line end")]
    #[test_case("\x1b[31mred\r" => "\\u{1b}[31mred"; "an escape sequence")]
    fn lines(text: &str) -> String {
        one_line(text)
    }
}
