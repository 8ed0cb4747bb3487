-- Chords as semitones above their root, and ways through them.
local raw, shared, native = ...
local kit = native.kit
local define, blame = kit.define, kit.blame
local type, match, lower = raw.type, raw.string.match, raw.string.lower

-- Names, the usual one first.
local book = kit.book [[
maj M major: 0 4 7
min m minor: 0 3 7
dim o diminished: 0 3 6
aug + augmented: 0 4 8
5 power: 0 7
sus2: 0 2 7
sus4 sus: 0 5 7
majb5: 0 4 6
6 maj6 M6: 0 4 7 9
m6 min6: 0 3 7 9
6/9 69: 0 4 7 9 14
m6/9 m69: 0 3 7 9 14
7 dom7: 0 4 7 10
maj7 M7 major7: 0 4 7 11
m7 min7 minor7: 0 3 7 10
mM7 mmaj7 minmaj7: 0 3 7 11
dim7 o7: 0 3 6 9
m7b5 half_diminished halfdim: 0 3 6 10
7b5: 0 4 6 10
7#5 aug7 7+5: 0 4 8 10
maj7b5: 0 4 6 11
maj7#5 M7#5: 0 4 8 11
7sus4 7sus: 0 5 7 10
7sus2: 0 2 7 10
add9 add2: 0 4 7 14
madd9 madd2: 0 3 7 14
add11 add4: 0 4 7 17
madd11 madd4: 0 3 7 17
9 dom9: 0 4 7 10 14
maj9 M9 major9: 0 4 7 11 14
m9 min9 minor9: 0 3 7 10 14
mM9 mmaj9: 0 3 7 11 14
7b9: 0 4 7 10 13
7#9: 0 4 7 10 15
7b5b9: 0 4 6 10 13
7#5b9: 0 4 8 10 13
7#5#9: 0 4 8 10 15
9b5: 0 4 6 10 14
9#5 aug9: 0 4 8 10 14
9sus4 9sus: 0 5 7 10 14
m9b5: 0 3 6 10 14
11 dom11: 0 4 7 10 14 17
maj11 M11: 0 4 7 11 14 17
m11 min11: 0 3 7 10 14 17
7#11: 0 4 7 10 18
9#11: 0 4 7 10 14 18
maj7#11 M7#11: 0 4 7 11 18
maj9#11: 0 4 7 11 14 18
13 dom13: 0 4 7 10 14 17 21
maj13 M13: 0 4 7 11 14 17 21
m13 min13: 0 3 7 10 14 17 21
7b13: 0 4 7 10 20
]]

-- Moves the lowest notes up an octave, or with a number below 0 the highest down.
local function invert(notes, inversion)
  local n = #notes
  for _ = 1, inversion do raw.table.insert(notes, raw.table.remove(notes, 1) + 12) end
  for _ = 1, -inversion do raw.table.insert(notes, 1, raw.table.remove(notes, n) - 12) end
  return notes
end

local function inversion_of(value, who) return kit.whole(value or 0, who, "the inversion", -24, 24) end

define {
  name = "chord",
  params = "root: string|number, name?: string, inversion?: integer", returns = "number[]",
  doc = "The notes of a chord. The name is one of chords() (\"maj\"); each inversion moves the lowest note up an octave, \z
         below 0 the highest down.",
  example = [[local c = chord("C4", "m7")  assert(#c == 4 and c[2] == 63)
    assert(chord("C4", "maj", 1)[1] == 64)]],
  function(root, name, inversion)
    local book, notes = book(), {}
    root = kit.note(root, "chord", "the root")
    name = kit.text(name or "maj", "chord", "the name of a chord")
    -- Capitals matter: M7 is not m7.
    local steps = book.by_name[name] or book.by_name[kit.plain(name)]
    if not steps then
      blame("chord: there is no chord %q%s; chords() lists all", name, kit.hint(name, book.all))
    end
    for i = 1, #steps do notes[i] = root + steps[i] end
    return invert(notes, inversion_of(inversion, "chord"))
  end,
}

define {
  name = "chords",
  params = "", returns = "string[]",
  doc = "The names of all chords.",
  example = [[assert(#chords() >= 35)  print(table.concat(chords(), ", "))]],
  function()
    local names = {}
    for i, name in raw.ipairs(book().names) do names[i] = name end
    return names
  end,
}

local romans = { i = 1, ii = 2, iii = 3, iv = 4, v = 5, vi = 6, vii = 7 }
local sizes = { [""] = 3, ["7"] = 4, ["9"] = 5, ["11"] = 6, ["13"] = 7 }

define {
  name = "chord_degree",
  params = "degree: string|integer, root: string|number, name?: string|number[], inversion?: integer",
  returns = "number[]",
  doc = "The chord on a degree of a scale, \"i\" to \"vii\" or 1 to 7, in thirds of that scale, so that major or minor follows \z
         from it. \"V7\", \"ii9\", \"V11\" and \"V13\" have more than three notes. The scale is \"major\" unless you name one.",
  example = [[local ii = chord_degree("ii", "C4", "major")  assert(ii[1] == 62 and ii[2] == 65 and ii[3] == 69)
    assert(#chord_degree("V7", "A3", "harmonic_minor") == 4)]],
  function(n, root, name, inversion)
    local size = ""
    if type(n) == "string" then
      local roman, more = match(n, "^([iIvV]+)(%d*)$")
      local number = roman and romans[lower(roman)]
      if not number or not sizes[more] then
        blame("chord_degree: %q is not a degree; write \"i\" to \"vii\", with 7, 9, 11 or 13 behind it, or 1 to 7", n)
      end
      n, size = number, more
    end
    n = kit.whole(n, "chord_degree", "a degree", 1, 7)
    local at = kit.scale_degrees(kit.note(root, "chord_degree", "the root"), name, "chord_degree")
    local notes = {}
    for i = 1, sizes[size] do notes[i] = at(n + 2 * (i - 1)) end
    return invert(notes, inversion_of(inversion, "chord_degree"))
  end,
}

-- Each way is given the notes over all octaves.
local ways = {}

function ways.up(notes) return notes end
ways.played = ways.up

function ways.down(notes)
  local out, n = {}, #notes
  for i = 1, n do out[i] = notes[n + 1 - i] end
  return out
end

function ways.updown(notes)
  local n = #notes
  for i = n - 1, 2, -1 do notes[#notes + 1] = notes[i] end
  return notes
end

function ways.downup(notes) return ways.updown(ways.down(notes)) end

function ways.converge(notes)
  local out, low, high = {}, 1, #notes
  while low <= high do
    out[#out + 1] = notes[low]
    if low < high then out[#out + 1] = notes[high] end
    low, high = low + 1, high - 1
  end
  return out
end

function ways.diverge(notes) return ways.down(ways.converge(notes)) end

-- Between any two others comes the highest, or the lowest.
function ways.pinky(notes)
  local out, n = {}, #notes
  for i = 1, n - 1 do out[2 * i - 1], out[2 * i] = notes[i], notes[n] end
  return n == 1 and notes or out
end

function ways.thumb(notes)
  local out, n = {}, #notes
  for i = 2, n do out[2 * i - 3], out[2 * i - 2] = notes[1], notes[i] end
  return n == 1 and notes or out
end

function ways.random(notes) return kit.shuffle(notes, #notes) end

local modes = { "up", "down", "updown", "downup", "converge", "diverge", "pinky", "thumb", "random", "played" }

define {
  name = "arp",
  params = "notes: (string|number)[], mode?: string, octaves?: integer", returns = "number[]",
  doc = "One note after another of a chord, over 1 to 10 octaves (1). The mode is \"up\", \"down\", \"updown\", \"downup\", \z
         \"converge\" from the outside in, \"diverge\", \"pinky\" or \"thumb\" with the highest or lowest between all \z
         others, \"random\", or \"played\", in the order given; else the notes are sorted.",
  example = [[local up = arp(chord("C4", "maj"), "updown")  assert(#up == 4 and up[3] == 67)
    assert(#arp({"C4", "G4"}, "up", 3) == 6)]],
  function(list, mode, octaves)
    local given, n = kit.some(list, "arp", "the notes")
    mode = kit.text(mode or "up", "arp", "the mode")
    if not ways[mode] then
      blame("arp: there is no mode %q%s; it is one of %s", mode, kit.hint(mode, modes), raw.table.concat(modes, ", "))
    end
    octaves = kit.whole(octaves or 1, "arp", "the number of octaves", 1, 10)
    local notes, all = {}, {}
    for i = 1, n do notes[i] = kit.note(given[i], "arp", "each note") end
    if mode ~= "played" then raw.table.sort(notes) end
    for octave = 0, octaves - 1 do
      for i = 1, n do all[#all + 1] = notes[i] + 12 * octave end
    end
    return ways[mode](all)
  end,
}
