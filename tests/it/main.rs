//! The whole system, as its users meet it: one binary, so that plugins are built and loaded once.
//!
//! A test here is three lines: a script, a render, a comparison. What can be tested inside a crate is tested there.

mod ages; // host and plugins of different times
mod alike; // a Processor that was walked with equals a new one
mod banks;
mod changes; // what reaches the audio thread, on its exact sample
mod cli; // the program: exit codes, messages, what is left behind
mod commits; // several origins: when, what waits, what is taken back
mod contract; // plugin libraries: loading, choosing, refusing
mod corpora; // what fuzzing starts from and has found
mod editors; // definitions for editors, and new songs
mod endings; // what has ended or failed is gone
mod every_parameter; // set, read, refused, saved, printed, whatever the plugin
mod examples; // the pieces, and every example in every manifest
#[cfg(unix)]
mod fatal; // modules that take the program with them
mod faults; // modules that misbehave while the rest plays on
mod folders; // sessions at work: saved at the prompt, run and rendered by the program
mod graph; // cables, derived routes, notes that never hang
mod journals; // the same sound again, and the session after a crash
mod laps; // musical time in scripts where the way of the music changes
mod live; // what commands do to the music that is playing
mod loading; // libraries that were never seen, and those that did harm
mod metadata; // what files say of themselves, on its way to the voices and to scripts
pub mod model; // tables of commands and refusals
mod modulation; // what links do to parameters, quantum by quantum
mod mutations; // good scripts with a few tokens changed
mod observers; // who is told of changes
mod onsets; // every onset on its exact sample
mod prepared; // what workers make for modules, and what modules say
mod providers; // which plugin provides a type, and who says so
mod quantized;
mod ramps; // nothing clicks, nothing hangs, what is removed rings out
mod reloads; // what is looked at again on the disk: taken, refused, replayed
mod renders; // the same bytes, whatever the device does
mod requests; // what modules ask for, and how long they take
mod rig; // how all of them begin
mod runs; // the program while it plays: its journals, its prompt, and who listens
mod saving;
mod scaffold; // plugins as `cantus plugins new` begins them
mod scripts; // a Model as a script, and back
mod second_sampler; // a stranger's sampler in the place of the bundled one
mod sessions; // Models as files: what is read is what was written, whatever was broken on the way
mod settings; // the user's settings: bounds, archive, who hears of changes
mod soundfiles; // WAV and AIFF, as the tests write them
mod sounds; // files of every kind, at the right pitch
mod sources;
mod styles; // how the sampler sounds
mod swap; // other plugins in the place of those that play
mod tidy; // the house rules
mod timers;
mod tracker; // patterns, chains and time as the sequencer plays them
mod undo; // all the way back, and there again
#[cfg(not(cantus_rtsan))] // the sanitizer stands where the probe's own guard would
mod validate; // the checks of plugins, each seen to fail and to pass
mod waiting; // what waits for its time, and what takes its place
mod workers; // Lua beside the music, whose results land on their exact sample
