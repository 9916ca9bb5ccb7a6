-- Measures what BENCH_WHAT says and prints the figures as one line of JSON. The same pieces of work as in ../*.ts.
local skynet = require "skynet"
require "skynet.manager"

local PLAYER = {
  id = 1, name = "nengzhong", pos = { x = 1.5, y = 2.5, z = 3.5 }, tags = { "a", "b", "c" }, hp = 100,
}
local WARM_UP, SAMPLE, SAMPLES = 0.3, 0.2, 5

local function seconds()
  return skynet.hpc() / 1e9
end

local function sample(batch, size, time, after)
  local taken, done = 0, 0
  repeat
    local start = seconds()
    batch(size)
    taken = taken + seconds() - start
    done = done + size
    if after then after() end
  until taken >= time
  return done / taken
end

--- Things done in a second: the median of some samples, after some time to warm up.
local function rate(batch, size, after)
  sample(batch, size, WARM_UP, after)
  local rates = {}
  for i = 1, SAMPLES do rates[i] = sample(batch, size, SAMPLE, after) end
  table.sort(rates)
  return rates[SAMPLES // 2 + 1]
end

local function resident()
  for line in io.lines "/proc/self/status" do
    local kilobytes = line:match "VmRSS:%s+(%d+)"
    if kilobytes then return tonumber(kilobytes) * 1024 end
  end
end

--- Runs a function several times at once and waits for all of them.
local function together(count, work)
  local left, waiting = count, coroutine.running()
  for _ = 1, count do
    skynet.fork(function()
      work()
      left = left - 1
      if left == 0 then skynet.wakeup(waiting) end
    end)
  end
  skynet.wait(waiting)
end

local measures = {}

--- Calls a second, `flight` at a time; `call` makes one.
local function call_rate(call, flight)
  local function several(count)
    for _ = 1, count do call() end
  end
  flight = tonumber(flight)
  if flight == 1 then return rate(several, 2000) end
  return rate(function(count)
    together(flight, function() several(count // flight) end)
  end, 2048)
end

function measures.calls(value, flight)
  local echo = skynet.newservice "benchecho"
  local sent = value == "object" and PLAYER or 42
  return call_rate(function() skynet.call(echo, "lua", "echo", sent) end, flight)
end

--- The other node, benchcluster, is a process of its own on BENCH_PORT.
local function cluster_of_two()
  local cluster = require "skynet.cluster"
  cluster.reload { peer = "127.0.0.1:" .. os.getenv "BENCH_PORT" }
  return cluster
end

function measures.cluster(value, flight)
  local cluster = cluster_of_two()
  local sent = value == "object" and PLAYER or 42
  return call_rate(function() cluster.call("peer", "@echo", "echo", sent) end, flight)
end

function measures.clusterflood()
  local cluster = cluster_of_two()
  return rate(function(count)
    for i = 1, count do cluster.send("peer", "@echo", "add", i) end
    cluster.call("peer", "@echo", "sum")
  end, 1000)
end

--- Services that call a partner each, one call after another.
function measures.pairs(count)
  local pairs_of = {}
  for i = 1, tonumber(count) do
    pairs_of[i] = { skynet.newservice "benchcaller", skynet.newservice "benchecho" }
  end
  return rate(function(calls)
    local next_pair = 0
    together(#pairs_of, function()
      next_pair = next_pair + 1
      local caller, echo = table.unpack(pairs_of[next_pair])
      skynet.call(caller, "lua", "run", echo, calls // #pairs_of)
    end)
  end, 200 * #pairs_of)
end

function measures.flood()
  local echo = skynet.newservice "benchecho"
  return rate(function(count)
    for i = 1, count do skynet.send(echo, "lua", "add", i) end
    skynet.call(echo, "lua", "sum")
  end, 1000)
end

function measures.ring(count)
  local first, last = skynet.newservice "benchring"
  local before = first
  for _ = 2, count do
    last = skynet.newservice "benchring"
    skynet.send(before, "lua", "next", last)
    before = last
  end
  skynet.send(before, "lua", "next", first)
  return rate(function(hops) skynet.call(first, "lua", "round", hops) end, count * 10)
end

function measures.spawn()
  local started = {}
  return rate(function(count)
    for i = 1, count do started[i] = skynet.newservice "benchidle" end
  end, 100, function()
    for _, handle in ipairs(started) do skynet.kill(handle) end
    started = {}
  end)
end

--- A thousandth of the million of ours: each has a Lua state of its own.
function measures.idle()
  for _ = 1, 100 do skynet.newservice "benchidle" end
  local before = resident()
  for _ = 1, 1000 do skynet.newservice "benchidle" end
  skynet.sleep(20)
  return (resident() - before) / 1000
end

function measures.timers(count)
  count = tonumber(count)
  local before = resident()
  local left, latest, waiting, inserting = count, 0, coroutine.running(), 0
  local start = seconds()
  for _ = 1, count do
    local delay = math.random(200, 999)
    local due = skynet.now() + delay
    skynet.timeout(delay, function()
      latest = math.max(latest, skynet.now() - due)
      left = left - 1
      if left == 0 then skynet.wakeup(waiting) end
    end)
  end
  inserting = seconds() - start
  local bytes = (resident() - before) / count
  skynet.wait(waiting)
  return count / inserting, bytes, latest * 10
end

skynet.start(function()
  skynet.fork(function()
    local words = {}
    for word in os.getenv("BENCH_WHAT"):gmatch "%S+" do words[#words + 1] = word end
    local figures = { measures[words[1]](table.unpack(words, 2)) }
    for i, figure in ipairs(figures) do figures[i] = string.format("%.3f", figure) end
    print("[" .. table.concat(figures, ",") .. "]")
    io.stdout:flush()
    skynet.abort()
  end)
end)
