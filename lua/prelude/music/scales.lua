-- Scales as semitones above their root.
local raw, shared, native = ...
local kit = native.kit
local define, blame = kit.define, kit.blame
local type = raw.type

-- Names, the usual one first. Hindustani thaats, maqamat, Japanese and Javanese scales as twelve tones allow them.
local book = kit.book [[
major ionian bilaval: 0 2 4 5 7 9 11
dorian kafi: 0 2 3 5 7 9 10
phrygian bhairavi kurd: 0 1 3 5 7 8 10
lydian kalyan: 0 2 4 6 7 9 11
mixolydian khamaj: 0 2 4 5 7 9 10
minor aeolian natural_minor asavari nahawand: 0 2 3 5 7 8 10
locrian: 0 1 3 5 6 8 10
harmonic_minor: 0 2 3 5 7 8 11
locrian_natural6: 0 1 3 5 6 9 10
ionian_augmented: 0 2 4 5 8 9 11
ukrainian_dorian romanian_minor nikriz: 0 2 3 6 7 9 10
phrygian_dominant spanish hijaz: 0 1 4 5 7 8 10
lydian_sharp2: 0 3 4 6 7 9 11
ultralocrian: 0 1 3 4 6 8 9
melodic_minor: 0 2 3 5 7 9 11
dorian_flat2: 0 1 3 5 7 9 10
lydian_augmented: 0 2 4 6 8 9 11
lydian_dominant acoustic overtone: 0 2 4 6 7 9 10
mixolydian_flat6 melodic_major hindu: 0 2 4 5 7 8 10
half_diminished locrian_natural2: 0 2 3 5 6 8 10
altered super_locrian: 0 1 3 4 6 8 10
harmonic_major: 0 2 4 5 7 8 11
double_harmonic byzantine bhairav: 0 1 4 5 7 8 11
hungarian_minor: 0 2 3 6 7 8 11
hungarian_major: 0 3 4 6 7 9 10
neapolitan_minor: 0 1 3 5 7 8 11
neapolitan_major: 0 1 3 5 7 9 11
major_locrian arabian: 0 2 4 5 6 8 10
enigmatic: 0 1 4 6 8 10 11
persian: 0 1 4 5 6 8 11
marva: 0 1 4 6 7 9 11
purvi: 0 1 4 6 7 8 11
todi: 0 1 3 6 7 8 11
major_pentatonic pentatonic gong: 0 2 4 7 9
minor_pentatonic yu: 0 3 5 7 10
egyptian shang: 0 2 5 7 10
ritusen yo zhi: 0 2 5 7 9
man_gong jue: 0 3 5 8 10
blues minor_blues: 0 3 5 6 7 10
major_blues: 0 2 3 4 7 9
hirajoshi: 0 2 3 7 8
in_sen: 0 1 5 7 10
in_scale sakura: 0 1 5 7 8
iwato: 0 1 5 6 10
kumoi: 0 2 3 7 9
ryukyu: 0 4 5 7 11
chinese: 0 4 6 7 11
pelog: 0 1 3 7 8
whole_tone messiaen1: 0 2 4 6 8 10
leading_whole_tone: 0 2 4 6 8 10 11
diminished whole_half: 0 2 3 5 6 8 9 11
half_whole dominant_diminished messiaen2: 0 1 3 4 6 7 9 10
augmented: 0 3 4 7 8 11
augmented2: 0 1 4 5 8 9
prometheus: 0 2 4 6 9 10
tritone: 0 1 4 6 7 10
bebop_dominant bebop: 0 2 4 5 7 9 10 11
bebop_major: 0 2 4 5 7 8 9 11
bebop_dorian bebop_minor: 0 2 3 4 5 7 9 10
bebop_melodic_minor: 0 2 3 5 7 8 9 11
spanish_8: 0 1 3 4 5 6 8 10
messiaen3: 0 2 3 4 6 7 8 10 11
messiaen4: 0 1 2 5 6 7 8 11
messiaen5: 0 1 5 6 7 11
messiaen6: 0 2 4 5 6 8 10 11
messiaen7: 0 1 2 3 5 6 7 8 9 11
chromatic: 0 1 2 3 4 5 6 7 8 9 10 11
]]

-- The semitones of a scale, by name or as a list of one's own.
local function intervals(name, who)
  if type(name) == "table" then
    local list, n = kit.some(name, who, "the scale")
    for i = 1, n do kit.number(list[i], who, "each step of a scale") end
    return list, n
  end
  local book = book()
  local steps = book.by_name[kit.plain(kit.text(name or "major", who, "the name of a scale"))]
  if not steps then
    blame("%s: there is no scale %q%s; scales() lists all", who, name, kit.hint(kit.plain(name), book.all))
  end
  return steps, #steps
end

-- Degree 1 is the root; what lies beyond the scale goes on in the next octave, or the one below.
local function degree(n, root, steps, count)
  return root + (n - 1) // count * 12 + steps[(n - 1) % count + 1]
end

-- For chords on the degrees.
function kit.scale_degrees(root, name, who)
  local steps, count = intervals(name, who)
  return function(n) return degree(n, root, steps, count) end
end

define {
  name = "scale",
  params = "root: string|number, name?: string|number[], octaves?: integer", returns = "number[]",
  doc = "The notes of a scale from its root up, over 1 to 10 octaves (1), with the root that ends them. The name is one of \z
         scales() (\"major\"), or a list of semitones above the root.",
  example = [[local dorian = scale("D4", "dorian")  assert(#dorian == 8 and dorian[3] == 65)
    assert(#scale(60, "minor_pentatonic", 2) == 11)]],
  function(root, name, octaves)
    root = kit.note(root, "scale", "the root")
    local steps, count = intervals(name, "scale")
    octaves = kit.whole(octaves or 1, "scale", "the number of octaves", 1, 10)
    local out = {}
    for n = 1, count * octaves + 1 do out[n] = degree(n, root, steps, count) end
    return out
  end,
}

define {
  name = "scales",
  params = "", returns = "string[]",
  doc = "The names of all scales.",
  example = [[assert(#scales() >= 40)  print(table.concat(scales(), ", "))]],
  function()
    local names = {}
    for i, name in raw.ipairs(book().names) do names[i] = name end
    return names
  end,
}

define {
  name = "degree",
  params = "degree: integer|integer[], root: string|number, name?: string|number[]", returns = "number|number[]",
  doc = "The note on a degree of a scale, or the notes on a list of them: 1 is the root, 8 in a scale of seven the root an \z
         octave above, 0 the note below the root.",
  example = [[assert(degree(5, "C4", "minor") == 67 and degree(0, "C4", "major") == 59)
    local line = degree({1, 3, 5, 8}, "A3", "minor")  assert(line[4] == 69)]],
  function(n, root, name)
    local at = kit.scale_degrees(kit.note(root, "degree", "the root"), name, "degree")
    if type(n) ~= "table" then return at(kit.whole(n, "degree", "a degree", -100, 100)) end
    local list, count = kit.list(n, "degree", "the degrees")
    local out = {}
    for i = 1, count do out[i] = at(kit.whole(list[i], "degree", "a degree", -100, 100)) end
    return out
  end,
}
