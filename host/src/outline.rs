//! How loud something is over time, as rows of block characters: for renders, and for sounds that are asked about.

/// Levels as rows from the highest to the lowest, a character for each. The highest level is as high as all rows; blanks
/// at the end of a row are left out.
pub fn rows(levels: &[f32], count: usize) -> impl Iterator<Item = String> {
    const BLOCKS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    // What is silent divides by something, too.
    let top = levels.iter().copied().fold(1e-9, f32::max);
    (0..count).rev().map(move |row| {
        let block = |level: &f32| {
            let eighths = (level / top * (count * 8) as f32).round() as usize;
            BLOCKS[eighths.saturating_sub(row * 8).min(8)]
        };
        levels.iter().map(block).collect::<String>().trim_end().to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_fills_all_rows() {
        let drawn = |levels: &[f32], count| rows(levels, count).collect::<Vec<_>>();
        assert_eq!(drawn(&[0.25, 0.5, 0.0, 0.0625, 0.0], 1), ["▄█ ▁"]);
        assert_eq!(drawn(&[0.25, 0.5, 0.375, 0.0], 2), [" █▄", "███"]);
        assert_eq!(drawn(&[0.0, 0.0], 2), ["", ""]);
        assert_eq!(drawn(&[], 1), [""]);
    }
}
