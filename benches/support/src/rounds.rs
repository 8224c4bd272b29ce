//! Alternation of contenders.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::Result;

/// Runs all contenders in turn, `rounds` times, and returns the results by contender.
///
/// Every other round runs them in the opposite order, so that none always runs after another.
pub fn alternate<S>(
    rounds: usize,
    contenders: &mut [&mut dyn FnMut() -> Result<S>],
) -> Result<Vec<Vec<S>>> {
    let mut samples: Vec<Vec<S>> = contenders.iter().map(|_| Vec::new()).collect();
    for round in 0..rounds {
        let mut turns: Vec<_> = contenders.iter_mut().zip(&mut samples).collect();
        if round % 2 == 1 {
            turns.reverse();
        }
        for (contender, samples) in turns {
            samples.push(contender()?);
        }
    }
    Ok(samples)
}

/// Returns the median; the mean of the two middle values of an even number; 0 of none.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match (sorted.get(middle), middle.checked_sub(1).and_then(|below| sorted.get(below))) {
        (Some(above), Some(below)) if sorted.len().is_multiple_of(2) => {
            f64::midpoint(*above, *below)
        }
        (Some(value), _) => *value,
        (None, _) => 0.0,
    }
}

/// Returns the median of the ratios of `a` to `b` in each round.
pub fn ratio(a: &[f64], b: &[f64]) -> f64 {
    let ratios: Vec<_> = a.iter().zip(b).map(|(a, b)| a / b).collect();
    median(&ratios)
}

/// Returns nanoseconds per run of `action`, from as many runs as fit into `budget`, at least one.
pub fn nanos_per_run<T>(budget: Duration, mut action: impl FnMut() -> T) -> f64 {
    let mut runs: u32 = 1;
    loop {
        let begin = Instant::now();
        for _ in 0..runs {
            black_box(action());
        }
        let took = begin.elapsed();
        if took >= budget || runs >= u32::MAX / 4 {
            return took.as_nanos() as f64 / f64::from(runs);
        }
        let missing = budget.as_secs_f64() / took.as_secs_f64().max(1e-9);
        runs = (f64::from(runs) * missing.clamp(1.2, 100.0)).ceil() as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert!((median(&[3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((median(&[4.0, 1.0]) - 2.5).abs() < 1e-9);
        assert!(median(&[]).abs() < 1e-9);
        assert!((ratio(&[1.0, 4.0, 9.0], &[1.0, 2.0, 3.0]) - 2.0).abs() < 1e-9);
    }

    #[test]
    fn contenders_take_turns() {
        let order = std::cell::RefCell::new(String::new());
        let contender = |name: char| {
            order.borrow_mut().push(name);
            Ok(name)
        };
        let samples = alternate(2, &mut [&mut || contender('a'), &mut || contender('b')]).unwrap();
        assert_eq!(samples, [['a', 'a'], ['b', 'b']]);
        assert_eq!(*order.borrow(), "abba");
    }
}
