-- A breakbeat cut up, a choir in grains, a piano stretched: what one sampler does with a recording.
--
--   cantus run lua/examples/chop.lua          plays it; change a line, save, and hear the change

engine:getClock():setBPM(132)

-- The break twice: slot 1 is cut where something begins in it, and notes from C4 on play the slices; slot 2 lasts four
-- beats at whatever tempo, each slice in its time.
local brk = sampler("brk", { volume = "-7dB", voicing = "mono", slots = {
  { file = "loop_breakbeat.flac", slice_by = "onsets" },
  { file = "loop_breakbeat.flac", slice_by = "onsets", fit_beats = 4, fit = "slices", style = "loop" },
} })

-- A bar as it was played, then three in which the slices are drawn anew: the same ones each time.
local rows = { rows = 64, { slot = 2, length = 16 } }
for row = 17, 63, 2 do
  local slice = math.random() < 0.6 and (row - 17) // 2 % 8 or math.random(0, 14)
  if math.random() < 0.85 then rows[row] = { slot = 1, note = 60 + slice, length = 2 } end
end
connect(sequencer("chops", { pattern = pattern("chops", { lanes = { rows } }) }), brk)

-- Near the end of each phrase a slice is thrown: backward, an octave up, through a filter. Only that one note.
clock.run(function()
  clock.sleep(14)
  while true do
    brk:trigger { slot = 1, note = 60 + math.random(0, 14), speed = -2, cutoff = 1500, length = 1 }
    clock.sleep(16)
  end
end)

-- A choir that stands still, and moves on a little each bar: grains taken from around one place.
local choir = sampler("choir", {
  attack = 1, release = 2, volume = "-3dB", cutoff = "2.5kHz",
  grain_rate = 0.05, grain_size = "200ms", grain_spray = "120ms", grain_density = 6,
  slots = { { file = "ambi_choir.flac", style = "grain" } },
})
connect(sequencer("chords", {
  pattern = pattern("chords", { steps_per_beat = 0.25, lanes = { "C3 A2 F2 G2", "G3 E3 C3 D3" } }),
}), choir)

-- The piano lasts eight bars, at its own pitch.
local piano = sampler("piano", { volume = "-6dB", slots = {
  { file = "ambi_piano.flac", fit_beats = 32, fit = "stretch", gate = false, pan = 0.3 },
} })
connect(sequencer("lines", { pattern = pattern("lines", { rows = 128, lanes = { "x" } }) }), piano)
