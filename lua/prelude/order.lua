-- `pairs` and `next` in an order that does not depend on the run: numbers, then strings, ascending, then booleans; other
-- keys last, in no promised order.
local raw, shared, native = ...
local next, pairs, type, sort, rawget = raw.next, raw.pairs, raw.type, shared.table.sort, raw.rawget
local error, ipairs = raw.error, raw.ipairs

local kinds = { number = 1, string = 2, boolean = 3 }

local function before(a, b)
  local ka, kb = kinds[type(a)], kinds[type(b)]
  if ka ~= kb then return ka < kb end
  if ka == 3 then return not a and b end
  return a < b
end

-- The keys in order; nil if Lua's own order is that already, as in a list.
local function ordered(t)
  local n, list = 0, true
  for k in next, t do
    n = n + 1
    if k ~= n then
      list = false
      break
    end
  end
  if list then return nil end
  local keys, others = {}, {}
  for k in next, t do
    local to = kinds[type(k)] and keys or others
    to[#to + 1] = k
  end
  if #keys > 1 then sort(keys, before) end
  for i = 1, #others do keys[#keys + 1] = others[i] end
  return keys
end

function shared.pairs(t)
  local f, state, start = pairs(t)
  if f ~= next then return f, state, start end
  local keys = ordered(t)
  if not keys then return f, state, start end
  local i = 0
  return function()
    while true do
      i = i + 1
      local k = keys[i]
      if k == nil then return nil end
      local v = rawget(t, k)
      if v ~= nil then return k, v end
    end
  end, t, nil
end

-- Slots are userdata that refuses a number beyond its last, so `ipairs` would end in an error.
function shared.ipairs(t)
  if type(t) == "userdata" then return shared.pairs(t) end
  return ipairs(t)
end

function shared.next(t, key)
  if type(t) ~= "table" then error("next takes a table, not " .. type(t), 2) end
  local keys = ordered(t)
  if not keys then return next(t, key) end
  local at = 1
  if key ~= nil then
    while keys[at] ~= key do
      if keys[at] == nil then error("next: the table has no such key", 2) end
      at = at + 1
    end
    at = at + 1
  end
  local k = keys[at]
  if k == nil then return nil end
  return k, rawget(t, k)
end

-- What no script puts another thing in the place of: all that is here by now. The words of the musical library and
-- constructors come later, and a script may use them as names of its own: a plugin that is added takes none away.
native.firm = {}
for name in shared.pairs(shared) do native.firm[name] = true end
