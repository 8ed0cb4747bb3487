//! What the sampler costs, on the offline device: `cargo bench --bench sampler`.
//!
//! A quantum at 48 kHz is 1333 us long. Builds the plugins first if need be.

#[path = "../tests/it/rig.rs"]
mod rig;

use std::time::Instant;

use divan::Bencher;
use rig::Studio;

/// Quanta of ten seconds.
const QUANTA: usize = 7500;
/// How often they are played. Each time they do the same work, so the least that a quantum took is what it takes: what
/// else the machine did meanwhile is left out.
const TIMES: usize = 3;

fn main() {
    divan::main();
    println!("\n256 voices of all styles, ten seconds: time of a quantum, of which 1333 us are real time");
    for interpolation in ["linear", "cubic", "sinc8", "sinc"] {
        let mut times = vec![f64::INFINITY; QUANTA];
        for _ in 0..TIMES {
            let mut studio = mixed(interpolation);
            for least in &mut times {
                let start = Instant::now();
                studio.render(64);
                *least = least.min(start.elapsed().as_secs_f64() * 1e6);
            }
        }
        times.sort_by(f64::total_cmp);
        let at = |part: f64| times[(part * (times.len() - 1) as f64) as usize];
        let (median, rare, worst) = (at(0.5), at(0.999), at(1.0));
        println!(
            "{interpolation:>8}: median {median:.0} us, p99.9 {rare:.0} us (aim 333 us), worst {worst:.0} us: {:.1} times \
             the median (bound 3)",
            worst / median
        );
    }
}

/// A sampler in which 256 voices sound: loops of three kinds, grains, stretched, some with a filter; eight times a second
/// eight new notes take the place of the oldest.
fn mixed(interpolation: &str) -> Studio {
    let mut studio = Studio::playing(&format!(
        "s = sampler('s', {{polyphony = 256, interpolation = '{interpolation}', volume = 0.01}})
         for n, style in ipairs{{'loop', 'loop', 'loop', 'grain', 'next', 'loop'}} do
             s.slots[n] = {{file = 'ambi_choir.flac', style = style}}
         end
         s.slots[2].loop_mode = 'ping_pong'
         s.slots[3].loop_mode = 'backward'
         s.slots[6].fit_beats, s.slots[6].fit = 4, 'stretch'
         for n = 0, 255 do
             s:trigger{{slot = n % 6 + 1, note = 48 + n % 25, cutoff = n % 4 == 0 and 2000 or nil}}
         end
         lanes = {{}}
         for n = 1, 8 do lanes[n] = {{'C3 E4 G3 A4', slot = n % 6 + 1, length = 256}} end
         connect(sequencer('steps', {{pattern = pattern('p', {{lanes = lanes}})}}), s)"
    ));
    studio.render(4800);
    studio
}

/// One quantum of 256 voices of one kind, a quarter of an octave up.
#[divan::bench(args = ["linear", "cubic", "sinc8", "sinc"], sample_count = 500)]
fn a_quantum_of_256_loops(bencher: Bencher, interpolation: &str) {
    let mut studio = Studio::playing(&format!(
        "s = sampler('s', {{polyphony = 256, interpolation = '{interpolation}', volume = 0.01}})
         s.slots[1] = {{file = 'ambi_choir.flac', style = 'loop'}}
         for n = 0, 255 do s:trigger{{note = 63, slot = 1}} end"
    ));
    studio.render(4800);
    bencher.bench_local(|| studio.render(64));
}
