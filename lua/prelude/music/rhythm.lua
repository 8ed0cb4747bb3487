-- Rhythms as lists of hits, and durations in words.
local raw, shared, native, own = ...
local kit = native.kit
local define, blame = kit.define, kit.blame
local type, select, match, tonumber = raw.type, raw.select, raw.string.match, raw.tonumber

-- Bjorklund's way of spreading pulses, as Toussaint describes it ("The Euclidean algorithm generates traditional musical
-- rhythms", 2005): groups of the two kinds are paired until at most one is left over.
local function spread(hits, steps)
  local heads, tails = {}, {}
  for i = 1, hits do heads[i] = { true } end
  for i = 1, steps - hits do tails[i] = { false } end
  while #heads > 0 and #tails > 1 do
    local paired, left = {}, {}
    local count = raw.math.min(#heads, #tails)
    for i = 1, count do paired[i] = kit.joined(heads[i], tails[i]) end
    local longer = #heads > #tails and heads or tails
    for i = count + 1, #longer do left[#left + 1] = longer[i] end
    heads, tails = paired, left
  end
  local out = {}
  for _, groups in raw.ipairs { heads, tails } do
    for _, group in raw.ipairs(groups) do
      for _, hit in raw.ipairs(group) do out[#out + 1] = hit end
    end
  end
  return out
end

-- Hits as evenly as whole steps allow; `rotation` steps of the beginning come last.
function kit.euclid(hits, steps, rotation, who)
  steps = kit.whole(steps, who, "the number of steps", 1, 1024)
  hits = kit.whole(hits, who, "the number of hits", 0, steps)
  rotation = kit.whole(rotation or 0, who, "the rotation", -1024, 1024)
  local even, out = spread(hits, steps), {}
  for i = 1, steps do out[i] = even[(i - 1 + rotation) % steps + 1] end
  return out
end

define {
  name = "euclid",
  params = "hits: integer, steps: integer, rotation?: integer", returns = "boolean[]",
  doc = "A rhythm of 1 to 1024 steps with hits spread as evenly as can be, as a list of true and false. It begins with a \z
         hit; a rotation leaves out so many steps of the beginning and puts them at the end.",
  example = [[local tresillo = euclid(3, 8)  assert(tresillo[1] and tresillo[4] and tresillo[7])
    pattern("clave", euclid(5, 16, 2))]],
  function(hits, steps, rotation) return kit.euclid(hits, steps, rotation, "euclid") end,
}

define {
  name = "spread",
  params = "hits: integer, steps: integer, rotation?: integer", returns = "boolean[]",
  doc = "Another name of euclid.",
  example = [[assert(#spread(3, 8) == 8)]],
  function(hits, steps, rotation) return kit.euclid(hits, steps, rotation, "spread") end,
}

define {
  name = "bools",
  params = "...: integer|boolean", returns = "boolean[]",
  doc = "A list of true and false from ones and zeros.",
  example = [[pattern("beat", bools(1, 0, 1, 1))  assert(bools(1, 0)[2] == false)]],
  function(...)
    local out = {}
    for i = 1, select("#", ...) do
      local value = (select(i, ...))
      if value ~= 0 and value ~= 1 and type(value) ~= "boolean" then
        blame("bools: it takes ones and zeros, not %s", kit.a(value))
      end
      out[i] = value == 1 or value == true
    end
    return out
  end,
}

-- Numerator and denominator of the beats (quarter notes) of a bar.
function kit.bar()
  -- A state without a session has no signature.
  local beats, unit = 4, 4
  if own.signature then
    local first, second = match(own.signature(), "^(%d+)/(%d+)$")
    beats, unit = tonumber(first), tonumber(second)
  end
  return beats * 4, unit
end

-- Beats of a number or a text.
function kit.beats(value, who, what)
  if type(value) == "string" then
    local beats = native.beats(value)
    if not beats then
      blame("%s: %s must be a duration such as \"1/8\", \"1/8t\", \"1/4d\", \"2 bars\" or a number of beats, not %q",
        who, what, value)
    end
    return raw.math.tointeger(beats) or beats
  end
  return kit.number(value, who, what)
end

define {
  name = "beats",
  params = "duration: string|number", returns = "number",
  doc = "A duration in beats (quarter notes). \"1/8\" is 0.5; \"1/8t\" is of a triplet, \"1/8d\" or \"1/8.\" dotted, \"1/8..\" \z
         twice; \"2 beats\"; \"bar\" and \"1.5 bars\" follow the session's signature; numbers are beats already. Whatever takes \z
         beats takes the same texts.",
  example = [[assert(beats("1/8") == 0.5 and beats("1/4d") == 1.5 and beats("2 beats") == 2)
    signature("3/4")  assert(beats("2 bars") == 6)]],
  function(value) return kit.beats(value, "beats", "it") end,
}
