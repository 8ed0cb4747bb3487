-- Chance: all from the script's own stream of random numbers, so that it plays the same each time.
local raw, shared, native = ...
local kit = native.kit
local define, blame = kit.define, kit.blame
local random, type = raw.math.random, raw.type

-- Fisher and Yates.
function kit.shuffle(list, n)
  local out = {}
  for i = 1, n do out[i] = list[i] end
  for i = n, 2, -1 do
    local j = random(i)
    out[i], out[j] = out[j], out[i]
  end
  return out
end

define {
  name = "choose",
  params = "list: any[]", returns = "any",
  doc = "One value of a list, all equally likely. A script draws the same each time it runs.",
  example = [[local n = choose({60, 64, 67})  assert(n >= 60)]],
  function(list)
    local values, n = kit.some(list, "choose")
    return values[random(n)]
  end,
}

-- The values and weights of either form.
local function weights_of(list, weights)
  local values, n = kit.some(list, "weighted", "the list of values")
  if weights ~= nil then
    local given, m = kit.list(weights, "weighted", "the list of weights")
    if m ~= n then blame("weighted: there are %d values but %d weights", n, m) end
    return values, given, n
  end
  local only, given = {}, {}
  for i = 1, n do
    local pair = values[i]
    if type(pair) ~= "table" then
      blame("weighted: each entry must be {value, weight}, not %s; or give the weights as a second list", kit.a(pair))
    end
    only[i], given[i] = pair[1], pair[2]
  end
  return only, given, n
end

define {
  name = "weighted",
  params = "list: any[], weights?: number[]", returns = "any",
  doc = "One value of a list of {value, weight}, or of a list with the weights in a second one. A value of weight 2 is drawn \z
         twice as often as one of weight 1, one of weight 0 never.",
  example = [[assert(weighted{{"kick", 3}, {"snare", 0}} == "kick")
    assert(weighted({"a", "b"}, {0, 1}) == "b")]],
  function(list, weights)
    local values, given, n = weights_of(list, weights)
    local total, last = 0, nil
    for i = 1, n do
      if kit.number(given[i], "weighted", "each weight") < 0 then
        blame("weighted: a weight is at least 0, not %s", kit.say(given[i]))
      end
      total = total + given[i]
    end
    if total <= 0 then blame("weighted: all weights are 0; one must be above") end
    local drawn = random() * total
    for i = 1, n do
      if given[i] > 0 then
        if drawn < given[i] then return values[i] end
        -- What rounding leaves over at the end belongs to the last that can be drawn.
        drawn, last = drawn - given[i], values[i]
      end
    end
    return last
  end,
}

define {
  name = "shuffle",
  params = "list: any[]", returns = "any[]",
  doc = "A list of the same values in another order, all orders equally likely.",
  example = [[assert(#shuffle({1, 2, 3}) == 3)]],
  function(list) return kit.shuffle(kit.list(list, "shuffle")) end,
}

define {
  name = "one_in",
  params = "n: integer", returns = "boolean",
  doc = "True once in so many times, on average.",
  example = [[assert(one_in(1))  if one_in(4) then kick:trigger{} end]],
  function(n) return random(kit.whole(n, "one_in", "the number of times", 1, 1 << 31)) == 1 end,
}

define {
  name = "chance",
  params = "probability: number", returns = "boolean",
  doc = "True with a probability from 0, never, to 1, always.",
  example = [[assert(chance(1) and not chance(0))]],
  function(probability) return random() < kit.within(probability, "chance", "the probability", 0, 1) end,
}

define {
  name = "rrand",
  params = "low: number, high: number", returns = "number",
  doc = "A random number from one to another, with a fraction.",
  example = [[local v = rrand(0.5, 1)  assert(v >= 0.5 and v < 1)]],
  function(low, high)
    kit.number(low, "rrand", "the first number")
    return low + (kit.number(high, "rrand", "the second number") - low) * random()
  end,
}

local LARGE = 1 << 53

define {
  name = "irand",
  params = "low: integer, high: integer", returns = "integer",
  doc = "A random whole number from one to another, both included.",
  example = [[local n = irand(60, 72)  assert(n >= 60 and n <= 72)]],
  function(low, high)
    low = kit.whole(low, "irand", "the first number", -LARGE, LARGE)
    high = kit.whole(high, "irand", "the second number", -LARGE, LARGE)
    if low > high then low, high = high, low end
    return random(low, high)
  end,
}

define {
  name = "drunk",
  params = "low: number, high: number, step?: number, start?: number", returns = "fun(): number",
  doc = "A random walk: a function that answers with the next number each time it is called. It goes at most one step (1) \z
         up or down and turns back at the ends; with whole numbers it stays on whole numbers. It starts in the middle.",
  example = [[local walk = drunk(48, 72, 3)  local n = walk()  assert(n >= 48 and n <= 72)]],
  function(low, high, step, start)
    kit.number(low, "drunk", "the low end")
    kit.number(high, "drunk", "the high end")
    step = kit.number(step or 1, "drunk", "the step")
    if low > high or step < 0 then
      blame("drunk: the low end must not be above the high end, nor the step below 0")
    end
    local whole = low % 1 == 0 and high % 1 == 0 and step % 1 == 0 and (start or 0) % 1 == 0
    if whole then low, high, step = low // 1 | 0, high // 1 | 0, step // 1 | 0 end
    local now = kit.within(start or (whole and (low + high) // 2 or (low + high) / 2), "drunk", "the start", low, high)
    return function()
      local move = whole and random(-step, step) or (random() * 2 - 1) * step
      now = kit.folded(now + move, low, high)
      return now
    end
  end,
}
