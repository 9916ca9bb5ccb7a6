-- A login server that lets everybody in.
local login = require "snax.loginserver"
local skynet = require "skynet"
local crypt = require "skynet.crypt"

local server = {
  host = "127.0.0.1",
  port = tonumber(os.getenv "BENCH_PORT"),
  multilogin = true,
  name = "login_master",
  instance = 8,
}

function server.auth_handler(token)
  local user, name = token:match "([^@]+)@([^:]+):"
  return crypt.base64decode(name), crypt.base64decode(user)
end

local last = 0
function server.login_handler()
  last = last + 1
  return last
end
function server.command_handler() end

login(server)
