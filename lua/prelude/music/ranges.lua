-- Numbers between two ends.
local raw, shared, native = ...
local kit = native.kit
local define, blame, number = kit.define, kit.blame, kit.number
local floor, max, min = raw.math.floor, raw.math.max, raw.math.min

-- Both ends of a range, the lower first.
local function ends(who, low, high)
  number(low, who, "the low end")
  number(high, who, "the high end")
  if low > high then blame("%s: the low end %s is above the high end %s", who, kit.say(low), kit.say(high)) end
  return low, high
end

define {
  name = "range",
  params = "from: number, to: number, step?: number", returns = "number[]",
  doc = "The numbers from one to another, both included, in steps of 1 unless you say otherwise; backwards if the second is \z
         smaller. At most 100,000.",
  example = [[assert(#range(1, 8) == 8 and range(0, 1, 0.25)[2] == 0.25 and range(3, 1)[1] == 3)]],
  function(from, to, step)
    number(from, "range", "the first number")
    number(to, "range", "the last number")
    step = number(step or 1, "range", "the step")
    if step <= 0 then
      blame("range: the step must be above 0, not %s; it goes backwards if the last number is smaller", kit.say(step))
    end
    if to < from then step = -step end
    -- The sum of many steps may miss the last number by a hair.
    local count = floor((to - from) / step + 1e-9)
    kit.room(count + 1, "range")
    local out = {}
    for i = 0, count do out[i + 1] = from + i * step end
    return out
  end,
}

define {
  name = "clamp",
  params = "x: number, low: number, high: number", returns = "number",
  doc = "A number, or the nearer end of the range it lies outside of.",
  example = [[assert(clamp(12, 0, 10) == 10 and clamp(5, 0, 10) == 5)]],
  function(x, low, high)
    low, high = ends("clamp", low, high)
    return max(low, min(high, number(x, "clamp", "x")))
  end,
}

define {
  name = "lerp",
  params = "a: number, b: number, t: number", returns = "number",
  doc = "The number that lies the part t of the way from a to b; t is 0 at a and 1 at b.",
  example = [[assert(lerp(10, 20, 0.5) == 15)]],
  function(a, b, t)
    number(a, "lerp", "a")
    return a + (number(b, "lerp", "b") - a) * number(t, "lerp", "t")
  end,
}

define {
  name = "wrap",
  params = "x: number, low: number, high: number", returns = "number",
  doc = "A number brought into a range by going round: what is above comes in again from below. The high end itself is the \z
         low end.",
  example = [[assert(wrap(13, 0, 12) == 1 and wrap(-1, 0, 12) == 11)]],
  function(x, low, high)
    low, high = ends("wrap", low, high)
    number(x, "wrap", "x")
    return low == high and low or low + (x - low) % (high - low)
  end,
}

define {
  name = "fold_range",
  params = "x: number, low: number, high: number", returns = "number",
  doc = "A number brought into a range by turning back at its ends.",
  example = [[assert(fold_range(12, 0, 10) == 8 and fold_range(-3, 0, 10) == 3)]],
  function(x, low, high)
    low, high = ends("fold_range", low, high)
    return kit.folded(number(x, "fold_range", "x"), low, high)
  end,
}

function kit.folded(x, low, high)
  if low == high then return low end
  local width = high - low
  local over = (x - low) % (2 * width)
  return low + (over > width and 2 * width - over or over)
end

-- How far x lies between two ends, 0 to 1.
local function part(who, x, from, to)
  number(x, who, "x")
  number(from, who, "the first end")
  number(to, who, "the second end")
  if from == to then blame("%s: the ends of the first range are equal; there is nothing between them", who) end
  return max(0, min(1, (x - from) / (to - from)))
end

define {
  name = "linlin",
  params = "x: number, from_low: number, from_high: number, to_low: number, to_high: number", returns = "number",
  doc = "A number moved from one range to another, both linear; what is outside becomes the nearer end.",
  example = [[assert(linlin(0.5, 0, 1, 100, 200) == 150)]],
  function(x, from_low, from_high, to_low, to_high)
    local t = part("linlin", x, from_low, from_high)
    number(to_low, "linlin", "the third end")
    return to_low + (number(to_high, "linlin", "the fourth end") - to_low) * t
  end,
}

define {
  name = "linexp",
  params = "x: number, from_low: number, from_high: number, to_low: number, to_high: number", returns = "number",
  doc = "A number moved from a linear range to an exponential one, as for frequencies; the second range lies above 0, and \z
         what is outside becomes the nearer end.",
  example = [[assert(math.abs(linexp(0.5, 0, 1, 100, 400) - 200) < 1e-9)]],
  function(x, from_low, from_high, to_low, to_high)
    local t = part("linexp", x, from_low, from_high)
    if number(to_low, "linexp", "the third end") <= 0 or number(to_high, "linexp", "the fourth end") <= 0 then
      blame("linexp: both ends of the second range must be above 0; they are %s and %s", kit.say(to_low), kit.say(to_high))
    end
    return to_low * (to_high / to_low) ^ t
  end,
}
