//! Samples and lists of numbers: immutable host memory, shared by counting. What is to be played is in `sequence`.

use crate::raw::{self, GUARD_FRAMES, Loop, Onset};

/// A type that takes part in holding a record of the host's.
macro_rules! handle {
    ($(#[$doc:meta])* $name:ident, $raw:ty) => {
        $(#[$doc])*
        ///
        /// Clone and drop only count: both may happen on any thread, the audio thread too.
        pub struct $name(*const $raw);

        // SAFETY: the memory behind a handle is immutable but for its atomic count.
        unsafe impl Send for $name {}
        // SAFETY: as above.
        unsafe impl Sync for $name {}

        impl $name {
            /// Takes part in holding the record.
            ///
            /// # Safety
            /// `raw` points to a live record of this kind.
            pub unsafe fn from_raw(raw: *const $raw) -> $name {
                // SAFETY: as the caller promises.
                unsafe { &(*raw).head }.holders.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                $name(raw)
            }

            pub(crate) fn raw(&self) -> &$raw {
                // SAFETY: the host keeps the record while `holders`, of which this is one, is not 0.
                unsafe { &*self.0 }
            }
        }

        impl Clone for $name {
            fn clone(&self) -> $name {
                // SAFETY: as in `raw`.
                unsafe { $name::from_raw(self.0) }
            }
        }

        impl Drop for $name {
            fn drop(&mut self) {
                // Release: all reads through this handle come before the host sees the count fall.
                self.raw().head.holders.fetch_sub(1, std::sync::atomic::Ordering::Release);
            }
        }
    };
}

pub(crate) use handle;

handle! {
    /// A decoded sound at the engine's rate.
    ///
    /// ```
    /// use cantus_plugin_api::{GUARD_FRAMES, Sample};
    ///
    /// /// What lies at `at`, 0 up to `frames()`, of a channel: before and behind the sound there is silence to read.
    /// fn between(sound: &Sample, channel: usize, at: f64) -> f32 {
    ///     let frames = &sound.guarded(channel)[GUARD_FRAMES + at as usize..];
    ///     frames[0] + at.fract() as f32 * (frames[1] - frames[0])
    /// }
    /// ```
    Sample, raw::SampleData
}

handle! {
    /// A list of numbers: the value of a parameter of type `numbers`.
    ///
    /// ```
    /// # use cantus_plugin_api::{Data, Numbers};
    /// fn weights(data: Data) -> Option<Numbers> {
    ///     if let Data::Numbers(numbers) = data { Some(numbers) } else { None }
    /// }
    /// fn loudest(weights: &Numbers) -> f64 {
    ///     weights.values().iter().copied().fold(0.0, f64::max)
    /// }
    /// ```
    Numbers, raw::NumbersData
}

impl Numbers {
    /// The numbers.
    pub fn values(&self) -> &[f64] {
        // SAFETY: the host lays `count` of them out, which live as long as the record.
        unsafe { slice(self.raw().values, self.raw().count) }
    }
}

impl Sample {
    /// 1 is mono, 2 is stereo.
    pub fn channels(&self) -> usize {
        self.raw().channel_count
    }

    /// Length in frames.
    pub fn frames(&self) -> usize {
        self.raw().frames
    }

    /// Frames per second: the engine's rate.
    pub fn rate(&self) -> f64 {
        self.raw().rate
    }

    /// The parts that the file says are to be repeated, by where they begin; the first is the one to hold a note with.
    pub fn loops(&self) -> &[Loop] {
        // SAFETY: the host lays `loop_count` of them out, which live as long as the record.
        unsafe { slice(self.raw().loops, self.raw().loop_count) }
    }

    /// The frames that the file marks, rising.
    pub fn cues(&self) -> &[usize] {
        // SAFETY: as in `loops`.
        unsafe { slice(self.raw().cues, self.raw().cue_count) }
    }

    /// The pitch at which it was recorded, if the file says so: a MIDI note, 60 is C4, cents as fractions.
    pub fn root(&self) -> Option<f64> {
        Some(self.raw().root).filter(|root| !root.is_nan())
    }

    /// Where something begins in it, such as the hits of a drum loop, rising. The host has found them; those above some
    /// strength are fewer and clearer.
    pub fn onsets(&self) -> &[Onset] {
        // SAFETY: as in `loops`.
        unsafe { slice(self.raw().onsets, self.raw().onset_count) }
    }

    /// One channel with [`GUARD_FRAMES`] zeros before frame 0 and after the last frame: frame `n` is at
    /// `GUARD_FRAMES + n`. A channel the sample lacks reads as its last.
    pub fn guarded(&self, channel: usize) -> &[f32] {
        let raw = self.raw();
        let channel = channel.min(raw.channel_count - 1);
        // SAFETY: the host allocates `GUARD_FRAMES` on both sides of each of the `channel_count` channels.
        unsafe {
            let first = (*raw.channels.add(channel)).sub(GUARD_FRAMES);
            std::slice::from_raw_parts(first, raw.frames + 2 * GUARD_FRAMES)
        }
    }
}

/// # Safety
/// `first` points to `count` items that live for `'a`, or `count` is 0.
pub(crate) unsafe fn slice<'a, T>(first: *const T, count: usize) -> &'a [T] {
    // SAFETY: as the caller promises.
    if count == 0 { &[] } else { unsafe { std::slice::from_raw_parts(first, count) } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raw::LoopDirection;
    use crate::testing::TestSample;

    #[test]
    fn what_a_file_says_is_said() {
        let plain = TestSample::mono(8.0, &[0.0; 8]);
        let said = plain.with_loop(1, 7, LoopDirection::PING_PONG).with_cues(&[2, 5]).with_root(57.5);
        let said = said.with_onsets(&[(0, 1.0), (4, 0.25)]);
        // SAFETY: both records live until the end of the test, when their handles are gone.
        let [plain, said] = [&plain, &said]
            .map(|sample| unsafe { Sample::from_raw(std::ptr::with_exposed_provenance(sample.handle())) });
        assert_eq!(said.loops(), [Loop { start: 1, end: 7, direction: LoopDirection::PING_PONG, reserved: 0 }]);
        assert_eq!((said.cues(), said.root()), (&[2, 5][..], Some(57.5)));
        assert_eq!(said.onsets().iter().map(|onset| (onset.frame, onset.strength)).next_back(), Some((4, 0.25)));
        assert_eq!((plain.loops(), plain.cues(), plain.root(), plain.onsets()), (&[][..], &[][..], None, &[][..]));
    }
}
