-- A session of Cantus, printed. In an empty session this script makes it again.
-- Not in here: what each file asks for, what can be undone, what waits for its time, scenes, the ids of modules,
-- where the music stands, and what only the session's files know: hashes of the sounds, and keys that mean nothing.

setting("grid", 2)
setting("seed", 7)

bpm(124)
tempo_at(8, 90, {ramp = true})
tempo_at(16, 120)
signature("7/8")
swing(0.6)
loop(0, 14)

keep_type("Lfo", [=[
plugin = "test.catalog"

[module]
type = "Lfo"
kind = "modulator"
doc = ""

[[module.port]]
key = "out"
dir = "out"
kind = "mod"
channels = 2

[[module.port]]
key = "other"
dir = "out"
kind = "mod"
channels = 2

[[module.param]]
key = "speed"
doc = ""
type = "float"
min = 0.0
max = 100.0
default = 1.0
unit = "Hz"
]=])

pattern("beat", {rows = 16, steps = {"1: C4 s1", "5: x s2 v0.8 l1.5 | E4"}})
pattern("empty", "....")

chain("song", {{"beat", 2}, {"empty", enabled = false}})

echo = fx("echo")
kick = kit("kick", {
  mode = "loop",
  volume = 0.8,
  mute = true,
  slots = {{file = "kick.wav"}, {file = "snare.wav", start = 0.25}},
})
lfo = missing("Lfo", "lfo")
seq = steps("seq", {pattern = "song", seed = 42})

player("seq", 2, 8)

connect("echo.out", out)
connect("kick.out", "echo.in", {gain = 0.5})
connect("seq.notes", "kick.notes")
modulate("lfo.out", "echo.mix", {depth = 0.25, low = 0, high = 0.5, bipolar = false})
control("cc 21", "kick.volume", {curve = 0.5})
