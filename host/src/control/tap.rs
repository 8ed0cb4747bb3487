//! Tap tempo.

/// Intervals that count: the last ones.
const TAPS: usize = 9;
/// Seconds after which taps begin anew: a beat at the slowest tempo.
const PAUSE: f64 = 60.0 / 20.0;
/// Seconds within which a second tap is none: a beat at the fastest tempo.
const BOUNCE: f64 = 60.0 / 999.0;

/// Taps of somebody who shows the tempo.
#[derive(Clone, Debug, Default)]
pub struct Taps {
    times: Vec<f64>,
}

impl Taps {
    /// A tap at a time in seconds, of any origin. From the second one on the tempo in beats per minute, 20 to 999, to a
    /// hundredth: the mean of the last 8 intervals. After 3 seconds without a tap they begin anew.
    pub fn tap(&mut self, time: f64) -> Option<f64> {
        match self.times.last().map(|last| time - last) {
            Some(since) if (0.0..BOUNCE).contains(&since) => {}
            Some(since) if (0.0..=PAUSE).contains(&since) => self.times.push(time),
            _ => self.times = vec![time],
        }
        if self.times.len() > TAPS {
            self.times.remove(0);
        }
        let (first, last) = (self.times.first()?, self.times.last()?);
        let intervals = (self.times.len() - 1) as f64;
        (intervals > 0.0).then(|| (6000.0 * intervals / (last - first)).round() / 100.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Taps;

    #[test]
    fn taps() {
        let rows: &[(&str, &[f64], Option<f64>)] = &[
            ("one says nothing", &[1.0], None),
            ("two", &[1.0, 1.5], Some(120.0)),
            ("the mean", &[0.0, 0.49, 1.01, 1.5], Some(120.0)),
            ("a bounce is no tap", &[0.0, 0.01, 0.5, 0.52, 1.0], Some(120.0)),
            ("anew after a pause", &[0.0, 0.5, 9.0], None),
            ("the slowest", &[0.0, 3.0], Some(20.0)),
            ("the last eight count", &[0.0, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0], Some(120.0)),
            ("time that goes back", &[9.0, 1.0, 1.25], Some(240.0)),
        ];
        for (what, times, tempo) in rows {
            let mut taps = Taps::default();
            assert_eq!(times.iter().map(|time| taps.tap(*time)).last().flatten(), *tempo, "{what}");
        }
    }
}
