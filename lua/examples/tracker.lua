-- A tracker's song: drums on one grid with chance, fills and rolls; a bass whose filter each step sets; a line that runs in
-- a length of its own; and a chain that changes its mind.
--
--   cantus run lua/examples/tracker.lua          plays it; change a line, save, and hear the change
--
-- At the prompt:  queue(drums, 3)   sequencer("drums").fill = true   pattern("bass"):later("bar"):transpose(5)

engine:getClock():setBPM(126)

-- Instruments 1 to 3 of the drums' columns are modules of their own.
local kick = sampler("kick", { volume = "-5dB", slots = { { file = "bd_haus.flac" } } })
local snare = sampler("snare", { volume = "-9dB", slots = { { file = "drum_snare_hard.flac" }, { file = "perc_snap.flac" } } })
local hats = sampler("hats", { volume = "-8dB", slots = {
  { file = "drum_cymbal_closed.flac", choke = 1 }, { file = "drum_cymbal_open.flac", choke = 1 },
} })

pattern("groove", tracker [[
  rows 16 steps_per_beat 4 hex
  01: x i1              | ...                | x 01 70 ..
  03: ...               | ...                | x 01 40 .. ?0.8
  04: x i1 v0.6 ?0.3    | ...                | x 01 30 .. ?0.4
  05: x i1              | x i2 s1            | x 01 70 ..
  07: ...               | x i2 s2 v0.4 ?0.5  | x 02 50 .. l2
  09: x i1              | ...                | x 01 70 ..
  0B: x i1 v0.7 2:2     | ...                | x 01 40 .. r2 every2
  0D: x i1              | x i2 s1            | x 01 70 ..
  0F: ...               | x i2 s1 v0.3 !first ?0.6 | x 01 50 .. r3:0.6
  10: ...               | x i2 s1 v0.6 fill r4:-0.7 | x 01 30 .. pre
]])
pattern("groove2", pattern("groove"):table()):euclid(5, 16, { column = 1, step = "x i1" })
pattern("break", tracker [[
  rows 16 steps_per_beat 4 hex
  01: x i1   | ...                  | x 02 60 .. l4
  05: ...    | x i2 s1              | ...
  09: x i1   | x i2 s1 r8:-0.8:0.4 l8 | ...
]])

local drums = sequencer("drums", { humanise = "4ms", humanise_velocity = 0.15, groove = { 0, 0.06 } })
drums.slots[3].instrument = 3
drums.pattern = chain("form", {
  { "groove", 3, follow = { next = 3, again = 1 } },
  { "break", 1, follow = { next = 2, first = 1 } },
  { "groove2", 4, follow = "any" },
})
connect(drums, kick, { instrument = 1 })
connect(drums, snare, { instrument = 2 })
connect(drums, hats, { instrument = 3 })

-- Each step opens the filter as far as it says; one slides, and the last bar of four goes up.
local bass = sampler("bass", { volume = "-10dB", voicing = "legato", resonance = 0.5, release = "60ms",
  slots = { { file = "bass_hit_c.flac", root = "C3" } } })
pattern("bass", tracker [[
  rows 16 steps_per_beat 4 hex
  01: C-2 l2 cutoff=400
  04: C-2 cutoff=900
  06: D#2 l2 cutoff=600
  09: G-1 l2 cutoff=500
  0B: G-2 g1.5 l2 cutoff=1800 ?0.7
  0E: A#1 cutoff=700
  10: C-3 r3:0.5 cutoff=2500 4:4
]])
connect(sequencer("bassline", { pattern = chain("bass_form", { { "bass", 4 }, { "bass", 2, transpose = 5 }, { "bass", 2, transpose = 3 } }) }), bass)

-- Seven rows against sixteen, and backwards.
local bells = sampler("bells", { volume = "-14dB", release = 0.4, pan = 0.3, slots = { { file = "elec_ping.flac", root = "C4" } } })
pattern("bells", { steps_per_beat = -4, rows = 7, [1] = { note = "C5", chance = 0.7 }, [3] = { note = "D#5", delay = 0.5 },
  [6] = { note = "G5", ratchet = { 3, 0.8, 0.3 }, condition = "!every 3", length = 2 } })
connect(sequencer("line", { pattern = "bells", swing = 0.08 }), bells)

-- A choir that is held until its column ends.
local choir = sampler("choir", { attack = 0.6, release = 1.5, volume = "-9dB", grain_rate = 0.05, grain_size = "200ms",
  grain_spray = "120ms", grain_density = 6, slots = { { file = "ambi_choir.flac", style = "grain" } } })
pattern("choir", { steps_per_beat = 1, rows = 16, steps = { "1: C3 l0 | D#3 l0", "9: G#2 l0 | C3 l0", "16: OFF | OFF" } })
connect(sequencer("hold", { pattern = "choir" }), choir)

-- What nothing is connected to goes there.
output("master", { volume = "-4dB" })
