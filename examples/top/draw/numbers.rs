//! Numbers in five characters.

// Nobody looks at more digits than these numbers keep.
#![allow(clippy::cast_precision_loss)]

/// A number of bytes: `999`, `1.2K`, `12K`, `1.2M`.
pub(crate) fn amount(bytes: Option<f64>) -> String {
    let Some(mut number) = bytes else {
        return format!("{:>5}", "-");
    };
    for unit in ["", "K", "M", "G", "T", "P"] {
        if number < 999.5 {
            let digits = usize::from(number < 9.95 && !unit.is_empty());
            return format!("{:>5}", format!("{number:.digits$}{unit}"));
        }
        number /= 1024.0;
        // 1000 of 1024 is nearly one of the next.
        number = number.max(0.95);
    }
    format!("{:>5}", "much")
}

/// A number of KiB, likewise.
pub(crate) fn amount_kib(kib: Option<u64>) -> String {
    amount(kib.map(|kib| kib as f64 * 1024.0))
}

/// A percentage of one processor: `99.9`, `1600`.
pub(crate) fn percent(percent: Option<f64>) -> String {
    match percent {
        None => format!("{:>5}", "-"),
        Some(number) if number < 99.95 => format!("{number:>5.1}"),
        Some(number) => format!("{number:>5.0}"),
    }
}

/// A part of a whole: `61%`.
pub(crate) fn part(part: Option<u64>, whole: Option<u64>) -> String {
    let percent = part.zip(whole).map(|(part, whole)| part as f64 / whole.max(1) as f64 * 100.0);
    percent.map_or_else(|| format!("{:>4}", "-"), |it| format!("{:>4}", format!("{it:.0}%")))
}
