-- Waiting. Only Lua itself can yield; what a coroutine waits for was noted before.
local raw = ...
local clock, yield = raw.clock, raw.coroutine.yield

for _, name in raw.ipairs { "sync", "sleep" } do
  local note = clock[name]
  clock[name] = function(...)
    note(...)
    return yield()
  end
end
