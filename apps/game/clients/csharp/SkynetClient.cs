// A client of the game's server for C#: Unity, Mono, .NET. One file, nothing but the class library; C# 5 on.
//
//   var ticket = Login.Run("127.0.0.1", 8101, "game", "anna", "password");
//   var client = new PlayerClient("127.0.0.1", 8102, ticket);
//   client.Pushed += (name, value) => Debug.Log(name);
//   client.Ask("join", "lobby", answer => …, error => …);
//   client.Update();                       // once a frame: sends, hears, comes back when the connection is lost
//
// What it says is described in docs/protocol.md. It speaks the classic login, over TCP.
using System;
using System.Collections;
using System.Collections.Generic;
using System.IO;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Skynet
{
    /// <summary>The server, or the way to it, has failed; Code says how.</summary>
    public class PlayerException : Exception
    {
        public readonly string Code;
        public readonly object Details;

        public PlayerException(string code, string message, object details = null) : base(message)
        {
            Code = code;
            Details = details;
        }
    }

    /// <summary>What the login protocol computes.</summary>
    public static class Crypt
    {
        const ulong P = 0xffffffffffffffc5UL;

        static ulong Add(ulong a, ulong b)
        {
            return a >= P - b ? a - (P - b) : a + b;
        }

        static ulong Multiply(ulong a, ulong b)
        {
            ulong sum = 0;
            for (; b != 0; b >>= 1)
            {
                if ((b & 1) != 0) sum = Add(sum, a);
                a = Add(a, a);
            }
            return sum;
        }

        static ulong Power(ulong number, ulong exponent)
        {
            ulong result = 1;
            number %= P;
            for (; exponent != 0; exponent >>= 1)
            {
                if ((exponent & 1) != 0) result = Multiply(result, number);
                number = Multiply(number, number);
            }
            return result;
        }

        static ulong Read(byte[] bytes)
        {
            ulong value = 0;
            for (var i = 7; i >= 0; i--) value = value << 8 | bytes[i];
            return value;
        }

        static byte[] Write(ulong value)
        {
            var bytes = new byte[8];
            for (var i = 0; i < 8; i++) bytes[i] = (byte)(value >> 8 * i);
            return bytes;
        }

        public static byte[] RandomKey()
        {
            var key = new byte[8];
            using (var random = RandomNumberGenerator.Create()) random.GetBytes(key);
            key[0] |= 1;
            return key;
        }

        public static byte[] DhExchange(byte[] key)
        {
            return Write(Power(5, Read(key)));
        }

        public static byte[] DhSecret(byte[] exchanged, byte[] key)
        {
            return Write(Power(Read(exchanged), Read(key)));
        }

        static readonly int[] Turns = { 7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21 };

        /// <summary>The 64 steps of MD5 over x and y, folded.</summary>
        public static byte[] Hmac64(byte[] x, byte[] y)
        {
            ulong first = Read(x), second = Read(y);
            var four = new[] { (uint)(first >> 32), (uint)first, (uint)(second >> 32), (uint)second };
            uint a = 0x67452301, b = 0xefcdab89, c = 0x98badcfe, d = 0x10325476;
            for (var i = 0; i < 64; i++)
            {
                uint mix;
                int word;
                if (i < 16) { mix = d ^ (b & (c ^ d)); word = i; }
                else if (i < 32) { mix = c ^ (d & (b ^ c)); word = 5 * i + 1; }
                else if (i < 48) { mix = b ^ c ^ d; word = 3 * i + 5; }
                else { mix = c ^ (b | ~d); word = 7 * i; }
                var sine = (uint)(long)Math.Floor(Math.Abs(Math.Sin(i + 1)) * 4294967296.0);
                var sum = unchecked(a + mix + sine + four[word & 3]);
                var turn = Turns[i / 16 * 4 + i % 4];
                a = d;
                d = c;
                c = b;
                b = unchecked(b + (sum << turn | sum >> 32 - turn));
            }
            return Write((ulong)(a ^ b) << 32 | (c ^ d));
        }

        public static byte[] HashKey(byte[] text)
        {
            uint djb = 5381, js = 1315423911;
            foreach (var value in text)
            {
                djb = unchecked(djb + (djb << 5) + value);
                js ^= unchecked((js << 5) + value + (js >> 2));
            }
            return Write((ulong)js << 32 | djb);
        }

        public static byte[] HmacHash(byte[] key, byte[] text)
        {
            return Hmac64(HashKey(text), key);
        }

        /// <summary>DES, block by block, filled up with 0x80 and zeros.</summary>
        public static byte[] DesEncode(byte[] key, byte[] text)
        {
            var filled = new byte[text.Length / 8 * 8 + 8];
            text.CopyTo(filled, 0);
            filled[text.Length] = 0x80;
            using (var des = DES.Create())
            {
                des.Mode = CipherMode.ECB;
                des.Padding = PaddingMode.None;
                des.Key = key;
                using (var encryptor = des.CreateEncryptor()) return encryptor.TransformFinalBlock(filled, 0, filled.Length);
            }
        }
    }

    /// <summary>CBOR: null, bool, long, double, string, byte[], lists and dictionaries with text as keys.</summary>
    public static class Cbor
    {
        public static byte[] Encode(object value)
        {
            var stream = new MemoryStream();
            Write(stream, value);
            return stream.ToArray();
        }

        static void Head(Stream stream, int major, ulong argument)
        {
            var size = argument < 24 ? 0 : argument < 256 ? 1 : argument < 65536 ? 2 : argument < 4294967296 ? 4 : 8;
            stream.WriteByte((byte)(major << 5 | (size == 0 ? (int)argument : size == 1 ? 24 : size == 2 ? 25 : size == 4 ? 26 : 27)));
            for (var i = size - 1; i >= 0; i--) stream.WriteByte((byte)(argument >> 8 * i));
        }

        static void Write(Stream stream, object value)
        {
            if (value == null) stream.WriteByte(0xf6);
            else if (value is bool) stream.WriteByte((bool)value ? (byte)0xf5 : (byte)0xf4);
            else if (value is string)
            {
                var bytes = Encoding.UTF8.GetBytes((string)value);
                Head(stream, 3, (ulong)bytes.Length);
                stream.Write(bytes, 0, bytes.Length);
            }
            else if (value is byte[])
            {
                Head(stream, 2, (ulong)((byte[])value).Length);
                stream.Write((byte[])value, 0, ((byte[])value).Length);
            }
            else if (value is IDictionary)
            {
                Head(stream, 5, (ulong)((IDictionary)value).Count);
                foreach (DictionaryEntry entry in (IDictionary)value)
                {
                    Write(stream, (string)entry.Key);
                    Write(stream, entry.Value);
                }
            }
            else if (value is IList)
            {
                Head(stream, 4, (ulong)((IList)value).Count);
                foreach (var entry in (IList)value) Write(stream, entry);
            }
            else if (value is float || value is double || value is decimal) WriteDouble(stream, Convert.ToDouble(value));
            else
            {
                var number = Convert.ToInt64(value);
                // Larger ones would be bigints at the server.
                if (number > uint.MaxValue || number < -(long)uint.MaxValue - 1) WriteDouble(stream, number);
                else if (number >= 0) Head(stream, 0, (ulong)number);
                else Head(stream, 1, (ulong)(-1 - number));
            }
        }

        static void WriteDouble(Stream stream, double number)
        {
            stream.WriteByte(0xfb);
            var bits = BitConverter.DoubleToInt64Bits(number);
            for (var i = 7; i >= 0; i--) stream.WriteByte((byte)(bits >> 8 * i));
        }

        public static object Decode(byte[] bytes)
        {
            var at = 0;
            return Read(bytes, ref at);
        }

        static ulong Argument(byte[] bytes, ref int at, int info)
        {
            if (info < 24) return (ulong)info;
            if (info > 27) throw new PlayerException("ERR_PLAYER_SERVER", "an item without a length");
            ulong value = 0;
            for (var i = 1 << info - 24; i > 0; i--) value = value << 8 | bytes[at++];
            return value;
        }

        static object Read(byte[] bytes, ref int at)
        {
            var first = bytes[at++];
            int major = first >> 5, info = first & 31;
            if (major == 7 && info == 25) throw new PlayerException("ERR_PLAYER_SERVER", "a half float");
            var argument = Argument(bytes, ref at, info);
            switch (major)
            {
                case 0: return argument > long.MaxValue ? (object)argument : (long)argument;
                case 1: return -1 - (long)argument;
                case 2:
                case 3:
                    var start = at;
                    at += (int)argument;
                    if (major == 3) return Encoding.UTF8.GetString(bytes, start, (int)argument);
                    var copy = new byte[argument];
                    Array.Copy(bytes, start, copy, 0, copy.Length);
                    return copy;
                case 4:
                    var list = new List<object>();
                    for (ulong i = 0; i < argument; i++) list.Add(Read(bytes, ref at));
                    return list;
                case 5:
                    var map = new Dictionary<string, object>();
                    for (ulong i = 0; i < argument; i++)
                    {
                        var key = Convert.ToString(Read(bytes, ref at));
                        map[key] = Read(bytes, ref at);
                    }
                    return map;
                // A tag: the map of a Map.
                case 6: return Read(bytes, ref at);
                default:
                    if (info == 26) return (double)BitConverter.ToSingle(BitConverter.GetBytes((uint)argument), 0);
                    if (info == 27) return BitConverter.Int64BitsToDouble((long)argument);
                    if (info == 20 || info == 21) return info == 21;
                    return null;
            }
        }
    }

    /// <summary>What a login gives: keep it for as long as the player plays.</summary>
    public class Ticket
    {
        public string User, Server, Subid;
        public byte[] Secret;
        /// <summary>Of the next connection: larger each time.</summary>
        public int Index = 1;

        public string Handshake(uint received)
        {
            Func<string, string> encode = text => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
            var text2 = encode(User) + "@" + encode(Server) + "#" + encode(Subid) + ":" + Index;
            var proof = Crypt.HmacHash(Secret, Encoding.UTF8.GetBytes(text2));
            return text2 + ":" + Convert.ToBase64String(proof) + ":push/1/" + received;
        }
    }

    /// <summary>The classic login.</summary>
    public static class Login
    {
        public static string Token(string user, string server, string password)
        {
            Func<string, string> encode = text => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
            return encode(user) + "@" + encode(server) + ":" + encode(password);
        }

        /// <summary>The lines that answer the challenge and the server's key: the proof, and the token.</summary>
        public static string[] Prove(byte[] challenge, byte[] secret, string token)
        {
            return new[]
            {
                Convert.ToBase64String(Crypt.Hmac64(challenge, secret)),
                Convert.ToBase64String(Crypt.DesEncode(secret, Encoding.UTF8.GetBytes(token))),
            };
        }

        /// <summary>Logs in; waits for the server, ten seconds at most.</summary>
        public static Ticket Run(string host, int port, string server, string user, string password)
        {
            using (var tcp = new TcpClient(host, port) { NoDelay = true, ReceiveTimeout = 10000 })
            {
                var stream = tcp.GetStream();
                var challenge = Convert.FromBase64String(Line(stream));
                var key = Crypt.RandomKey();
                Send(stream, Convert.ToBase64String(Crypt.DhExchange(key)));
                var secret = Crypt.DhSecret(Convert.FromBase64String(Line(stream)), key);
                foreach (var line in Prove(challenge, secret, Token(user, server, password))) Send(stream, line);
                var status = Line(stream);
                if (!status.StartsWith("200 ")) throw new PlayerException("ERR_LOGIN", "login refused: " + status, status);
                var subid = Encoding.UTF8.GetString(Convert.FromBase64String(status.Substring(4)));
                return new Ticket { User = user, Server = server, Subid = subid, Secret = secret };
            }
        }

        static void Send(Stream stream, string line)
        {
            var bytes = Encoding.ASCII.GetBytes(line + "\n");
            stream.Write(bytes, 0, bytes.Length);
        }

        static string Line(Stream stream)
        {
            var line = new StringBuilder();
            for (;;)
            {
                var value = stream.ReadByte();
                if (value < 0) throw new PlayerException("ERR_PLAYER_SERVER", "the login server hung up");
                if (value == '\n') return line.ToString();
                line.Append((char)value);
            }
        }
    }

    /// <summary>A player's connection. Everything happens in Update, in the thread that calls it.</summary>
    public class PlayerClient : IDisposable
    {
        class Question
        {
            public byte[] Frame;
            public Action<object> Answered;
            public Action<PlayerException> Failed;
        }

        readonly string host;
        readonly int port;
        readonly Ticket ticket;
        /// <summary>What is not answered, in the order of asking: sent once more on a new connection.</summary>
        readonly SortedDictionary<uint, Question> questions = new SortedDictionary<uint, Question>();
        readonly byte[] chunk = new byte[65536];
        byte[] rest = new byte[0];
        Socket socket;
        bool isGreeted;
        uint session, lastPush, acknowledged;
        DateTime nextAttempt = DateTime.MinValue;

        /// <summary>A push of the game.</summary>
        public event Action<string, object> Pushed = delegate { };
        /// <summary>A connection is there; whether it is the first one.</summary>
        public event Action<bool> Connected = delegate { };
        public event Action Lost = delegate { };
        /// <summary>The login is over: reason and text. For `closing`, `forgotten` and `away`: log in anew.</summary>
        public event Action<string, string> Over = delegate { };

        public bool IsOver { get; private set; }

        public PlayerClient(string host, int port, Ticket ticket)
        {
            this.host = host;
            this.port = port;
            this.ticket = ticket;
        }

        /// <summary>Asks; one of the two is called in a later Update.</summary>
        public void Ask(string name, object input, Action<object> answered, Action<PlayerException> failed)
        {
            var body = Cbor.Encode(input == null ? new List<object> { name } : new List<object> { name, input });
            var question = new Question { Frame = Frame(body, ++session), Answered = answered, Failed = failed };
            questions[session] = question;
            if (isGreeted) Send(question.Frame);
        }

        /// <summary>Gives the connection up for a new one.</summary>
        public void Drop()
        {
            if (socket == null) return;
            socket.Close();
            socket = null;
            isGreeted = false;
            rest = new byte[0];
            Lost();
        }

        public void Dispose()
        {
            IsOver = true;
            if (socket != null) socket.Close();
            socket = null;
        }

        /// <summary>To be called again and again, once a frame.</summary>
        public void Update()
        {
            if (IsOver) return;
            try
            {
                if (socket == null) Connect();
                while (socket != null && socket.Poll(0, SelectMode.SelectRead)) Receive();
                if (isGreeted && lastPush != acknowledged) Acknowledge();
            }
            catch (SocketException)
            {
                nextAttempt = DateTime.UtcNow.AddMilliseconds(500);
                Drop();
            }
        }

        void Connect()
        {
            if (DateTime.UtcNow < nextAttempt) return;
            nextAttempt = DateTime.UtcNow.AddMilliseconds(500);
            socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            socket.Connect(host, port);
            Send(Frame(Encoding.UTF8.GetBytes(ticket.Handshake(lastPush)), null));
            ticket.Index++;
        }

        void Send(byte[] frame)
        {
            for (var at = 0; at < frame.Length;) at += socket.Send(frame, at, frame.Length - at, SocketFlags.None);
        }

        /// <summary>Two bytes of length, the content, and the session of a request.</summary>
        public static byte[] Frame(byte[] content, uint? session)
        {
            var size = content.Length + (session.HasValue ? 4 : 0);
            if (size > 65535) throw new PlayerException("ERR_PLAYER_TOO_LARGE", "a request of " + size + " bytes");
            var frame = new byte[size + 2];
            frame[0] = (byte)(size >> 8);
            frame[1] = (byte)size;
            content.CopyTo(frame, 2);
            if (session.HasValue) Number(session.Value).CopyTo(frame, frame.Length - 4);
            return frame;
        }

        static byte[] Number(uint value)
        {
            return new[] { (byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value };
        }

        void Acknowledge()
        {
            acknowledged = lastPush;
            Send(Frame(Number(lastPush), 0xffffffff));
        }

        void Receive()
        {
            var count = socket.Receive(chunk);
            if (count == 0)
            {
                Drop();
                return;
            }
            var bytes = new byte[rest.Length + count];
            rest.CopyTo(bytes, 0);
            Array.Copy(chunk, 0, bytes, rest.Length, count);
            var at = 0;
            while (bytes.Length >= at + 2)
            {
                var size = bytes[at] << 8 | bytes[at + 1];
                if (bytes.Length < at + 2 + size) break;
                var frame = new byte[size];
                Array.Copy(bytes, at + 2, frame, 0, size);
                at += 2 + size;
                var before = socket;
                if (isGreeted) Take(frame);
                else Greet(Encoding.UTF8.GetString(frame));
                if (socket == null || socket != before) return;
            }
            rest = new byte[bytes.Length - at];
            Array.Copy(bytes, at, rest, 0, rest.Length);
        }

        void Greet(string status)
        {
            if (!status.StartsWith("200 OK push/1/"))
            {
                // 404: the server has forgotten the login. A server without the extension is none for players.
                End("forgotten", status);
                return;
            }
            isGreeted = true;
            acknowledged = lastPush;
            foreach (var question in questions.Values) Send(question.Frame);
            Connected(ticket.Index == 2);
        }

        void Take(byte[] frame)
        {
            if (frame.Length < 5) throw new PlayerException("ERR_PLAYER_SERVER", "an answer of " + frame.Length + " bytes");
            var end = frame.Length - 5;
            var content = new byte[end];
            Array.Copy(frame, content, end);
            var number = (uint)(frame[end + 1] << 24 | frame[end + 2] << 16 | frame[end + 3] << 8 | frame[end + 4]);
            if (frame[end] == 2) Hear(number, content);
            else Answer(number, frame[end] == 1, content);
        }

        void Hear(uint number, byte[] content)
        {
            if (number <= lastPush) return;
            lastPush = number;
            var body = (List<object>)Cbor.Decode(content);
            var name = (string)body[0];
            if (name != "") Pushed(name, body.Count > 1 ? body[1] : null);
            else if ((string)body[1] == "kicked") End((string)body[2], (string)body[3]);
            else if ((string)body[1] == "closing") End("closing", (string)body[3]);
        }

        void Answer(uint number, bool isGood, byte[] content)
        {
            Question question;
            if (!questions.TryGetValue(number, out question)) return;
            questions.Remove(number);
            var body = isGood ? (List<object>)Cbor.Decode(content) : null;
            if (body == null) question.Failed(new PlayerException("ERR_PLAYER_FAILED", "the server failed to answer"));
            else if (body.Count < 2) question.Answered(body.Count == 0 ? null : body[0]);
            else question.Failed(new PlayerException((string)body[0], (string)body[1], body.Count > 2 ? body[2] : null));
        }

        void End(string reason, string text)
        {
            Dispose();
            foreach (var question in new List<Question>(questions.Values))
                question.Failed(new PlayerException("ERR_PLAYER_LOST", text));
            questions.Clear();
            Over(reason, text);
        }
    }
}
