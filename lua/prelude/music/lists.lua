-- Lists: each function makes a new one. They take rings and sequins too; some take a cycle.
local raw, shared, native = ...
local kit = native.kit
local define, blame = kit.define, kit.blame
local type, select, rawget = raw.type, raw.select, raw.rawget

local function is_cycle(value) return type(value) == "table" and rawget(value, kit.CYCLE) ~= nil end

-- One list behind the other.
function kit.joined(first, second)
  local out, n = {}, #first
  for i = 1, n do out[i] = first[i] end
  for i = 1, #second do out[n + i] = second[i] end
  return out
end

local function reversed(list, n)
  local out = {}
  for i = 1, n do out[i] = list[n + 1 - i] end
  return out
end

define {
  name = "map",
  params = "list: any[], f: fun(value: any, index: integer): any", returns = "any[]",
  doc = "A list of what a function makes of each value; it is given the value and its place, from 1.",
  example = [[local up = map({60, 64}, function(n) return n + 12 end)  assert(up[2] == 76)]],
  function(list, f)
    local values, n = kit.list(list, "map")
    kit.call(f, "map", "what is done with each value")
    local out = {}
    for i = 1, n do
      local made = f(values[i], i)
      if made == nil then blame("map: the function gave nothing for value %d; it must answer with a value", i) end
      out[i] = made
    end
    return out
  end,
}

define {
  name = "where",
  params = "list: any[], f: fun(value: any, index: integer): boolean", returns = "any[]",
  doc = "A list of those values for which a function says true; it is given the value and its place, from 1.",
  example = [[local low = where({60, 72, 48}, function(n) return n < 72 end)  assert(#low == 2)]],
  function(list, f)
    local values, n = kit.list(list, "where")
    kit.call(f, "where", "what chooses the values")
    local out = {}
    for i = 1, n do
      if f(values[i], i) then out[#out + 1] = values[i] end
    end
    return out
  end,
}

define {
  name = "reduce",
  params = "list: any[], f: fun(result: any, value: any): any, first?: any", returns = "any",
  doc = "One value from a list: a function is given what there is so far and the next value, and says what there is then. \z
         Without a first value it begins with the list's own.",
  example = [[assert(reduce({1, 2, 3}, function(a, b) return a + b end) == 6)]],
  function(list, f, first)
    local values, n = kit.list(list, "reduce")
    kit.call(f, "reduce", "what brings two values together")
    local from = 1
    if first == nil then
      kit.some(list, "reduce")
      first, from = values[1], 2
    end
    for i = from, n do first = f(first, values[i]) end
    return first
  end,
}

define {
  name = "rotate", also = "cycle",
  params = "list: any, steps: number|string", returns = "any",
  doc = "A list turned so that it begins so many places later and what is left out comes last; below 0 the other way. A \z
         cycle is moved earlier by so many cycles.",
  example = [[local r = rotate({1, 2, 3}, 1)  assert(r[1] == 2 and r[3] == 1)
    pattern("turned", mini("x ~ x x"):rotate("1/4"))]],
  function(list, steps)
    if is_cycle(list) then return kit.moved(list, steps, -1, "rotate") end
    local values, n = kit.list(list, "rotate")
    steps = kit.whole(steps, "rotate", "the number of steps", -kit.MOST, kit.MOST)
    local out = {}
    for i = 1, n do out[i] = values[(i - 1 + steps) % n + 1] end
    return out
  end,
}

define {
  name = "reverse",
  params = "list: any", returns = "any",
  doc = "A list backwards; a cycle backwards within each cycle, as rev does.",
  example = [[assert(reverse({1, 2, 3})[1] == 3)]],
  function(list)
    if is_cycle(list) then return shared.rev(list) end
    return reversed(kit.list(list, "reverse"))
  end,
}

define {
  name = "concat",
  params = "...: any[]", returns = "any[]",
  doc = "One list of several, one behind the other.",
  example = [[assert(#concat({1, 2}, {3}, {}) == 3)]],
  function(...)
    local out = {}
    for i = 1, select("#", ...) do out = kit.joined(out, (kit.list((select(i, ...)), "concat", "each of them"))) end
    return out
  end,
}

define {
  name = "take",
  params = "list: any[], count: integer", returns = "any[]",
  doc = "The first values of a list, at most so many; below 0 the last.",
  example = [[assert(#take({1, 2, 3}, 2) == 2 and take({1, 2, 3}, -1)[1] == 3)]],
  function(list, count)
    local values, n = kit.list(list, "take")
    count = kit.whole(count, "take", "the number of values", -kit.MOST, kit.MOST)
    local from, to = 1, raw.math.min(count, n)
    if count < 0 then from, to = raw.math.max(n + count + 1, 1), n end
    local out = {}
    for i = from, to do out[#out + 1] = values[i] end
    return out
  end,
}

define {
  name = "stretch",
  params = "list: any[], times: integer", returns = "any[]",
  doc = "A list in which each value stands so many times in a row.",
  example = [[local s = stretch({60, 64}, 2)  assert(#s == 4 and s[2] == 60)]],
  function(list, times)
    local values, n = kit.list(list, "stretch")
    times = kit.whole(times, "stretch", "how often each value comes", 0, kit.MOST)
    kit.room(n * times, "stretch")
    local out = {}
    for i = 1, n do
      for _ = 1, times do out[#out + 1] = values[i] end
    end
    return out
  end,
}

define {
  name = "mirror",
  params = "list: any[]", returns = "any[]",
  doc = "A list and then itself backwards; the last value comes twice. See reflect.",
  example = [[assert(#mirror({1, 2, 3}) == 6)]],
  function(list)
    local values, n = kit.list(list, "mirror")
    return kit.joined(values, reversed(values, n))
  end,
}

define {
  name = "reflect",
  params = "list: any[]", returns = "any[]",
  doc = "A list and then itself backwards without the last value again: 1 2 3 2 1. See mirror.",
  example = [[assert(#reflect({1, 2, 3}) == 5)]],
  function(list)
    local values, n = kit.list(list, "reflect")
    local back = reversed(values, n)
    raw.table.remove(back, 1)
    return kit.joined(values, back)
  end,
}

define {
  name = "interleave",
  params = "...: any[]", returns = "any[]",
  doc = "One list of several: their first values, then their second, and so on; lists that have ended are passed over.",
  example = [[local l = interleave({1, 2, 3}, {10, 20})  assert(#l == 5 and l[2] == 10 and l[5] == 3)]],
  function(...)
    local lists, longest, out = {}, 0, {}
    for i = 1, select("#", ...) do
      local values, n = kit.list((select(i, ...)), "interleave", "each of them")
      lists[i], longest = values, raw.math.max(longest, n)
    end
    for row = 1, longest do
      for _, list in raw.ipairs(lists) do out[#out + 1] = list[row] end
    end
    return out
  end,
}
