-- `pairs` and `next` in an order that does not depend on the run: numbers, then strings, ascending, then booleans; other
-- keys last, in no promised order.
local raw, shared, native = ...
local next, pairs, type, sort, rawget = raw.next, raw.pairs, raw.type, native.sort, raw.rawget
local error, ipairs = raw.error, raw.ipairs

local kinds = { number = 1, string = 2, boolean = 3 }

local function before(a, b)
  local ka, kb = kinds[type(a)], kinds[type(b)]
  if ka ~= kb then return ka < kb end
  if ka == 3 then return not a and b end
  return a < b
end

-- How many keys there are, if they are 1, 2, 3 and so on in Lua's own order, as in a list.
local function listed(t)
  local n = 0
  for k in next, t do
    n = n + 1
    if k ~= n then return nil end
  end
  return n
end

-- The keys that have an order, in it, and the others.
local function ordered(t)
  local keys, others = {}, {}
  for k in next, t do
    local to = kinds[type(k)] and keys or others
    to[#to + 1] = k
  end
  -- Comparing is Lua, and counted as such.
  if #keys > 1 then sort(keys, before) end
  return keys, others
end

-- Lua's own iterator must not come out: it sees into everything, in an order that depends on the run.
function shared.pairs(t)
  local f, state, start = pairs(t)
  if f ~= next then return f, state, start end
  local keys, n = nil, listed(t)
  if not n then
    local others
    keys, others = ordered(t)
    for i = 1, #others do keys[#keys + 1] = others[i] end
    n = #keys
  end
  local i = 0
  return function()
    while i < n do
      i = i + 1
      local k = i
      if keys then k = keys[i] end
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

-- The first of the keys that comes behind a key, which may have gone.
local function behind(keys, key)
  local low, high = 1, #keys + 1
  while low < high do
    local middle = (low + high) // 2
    if before(key, keys[middle]) then high = middle else low = middle + 1 end
  end
  return keys[low]
end

function shared.next(t, key)
  if type(t) ~= "table" then error("next takes a table, not " .. type(t), 2) end
  native.open(t, "next")
  local keys, others = ordered(t)
  local k
  if key == nil then
    k = keys[1]
  elseif kinds[type(key)] then
    k = behind(keys, key)
  else
    -- Lua knows the place of a key that has gone.
    k = next(t, key)
    while kinds[type(k)] do k = next(t, k) end
    if k == nil then return nil end
    return k, rawget(t, k)
  end
  if k == nil then k = others[1] end
  if k == nil then return nil end
  return k, rawget(t, k)
end

-- What no script puts another thing in the place of: all that is here by now. The words of the musical library and
-- constructors come later, and a script may use them as names of its own: a plugin that is added takes none away.
native.firm = {}
for name in shared.pairs(shared) do native.firm[name] = true end
