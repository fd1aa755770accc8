using System.Buffers.Binary;
using System.Text;

namespace Nanodet.Checkpoints.Torch;

/// <summary>
/// Reads the opcodes of a pickle before any object is made of them: every global it names has to be on the allow-list, every
/// opcode has to be one that describes data, and no length may point past the end. Only then does the unpickler see the bytes.
/// Opcodes and their arguments: Python's <c>pickletools</c>, protocols 0 to 5.
/// </summary>
internal ref struct PickleGuard
{
    private readonly ReadOnlySpan<byte> _pickle;
    private readonly IReadOnlySet<string> _allowedGlobals;
    private readonly Dictionary<long, string?> _memo = [];
    private readonly List<int> _dictionaries = [];
    private int _position;
    private int _depth;

    // The two newest values on the unpickler's stack where they are texts: what STACK_GLOBAL would take.
    private string? _top;
    private string? _second;

    private PickleGuard(ReadOnlySpan<byte> pickle, IReadOnlySet<string> allowedGlobals)
    {
        _pickle = pickle;
        _allowedGlobals = allowedGlobals;
    }

    /// <summary>Checks one pickle and gives its length, which may be less than the span's.</summary>
    /// <param name="pickle">The bytes, from the pickle's first opcode on.</param>
    /// <param name="allowedGlobals">The allowed globals as <c>module name</c>, separated by a space.</param>
    /// <param name="dictionaries">Where the pickle makes plain dictionaries: the positions of its EMPTY_DICT opcodes.</param>
    /// <returns>The bytes up to and including STOP.</returns>
    /// <exception cref="CheckpointException">The pickle is unsafe, malformed or over a limit.</exception>
    public static int Check(ReadOnlySpan<byte> pickle, IReadOnlySet<string> allowedGlobals, out IReadOnlyList<int> dictionaries)
    {
        if (pickle.Length > CheckpointLimits.PickleBytes)
        {
            throw new CheckpointException(
                CheckpointErrorCode.TooLarge,
                $"The checkpoint's pickle has {pickle.Length} bytes; at most {CheckpointLimits.PickleBytes} are read.");
        }

        var guard = new PickleGuard(pickle, allowedGlobals);
        dictionaries = guard._dictionaries;
        return guard.Run();
    }

    private int Run()
    {
        for (var count = 0; count < CheckpointLimits.PickleOpcodes; count++)
        {
            if (Step())
            {
                return _position;
            }
        }

        throw new CheckpointException(
            CheckpointErrorCode.TooLarge,
            $"The checkpoint's pickle has more than {CheckpointLimits.PickleOpcodes} opcodes.");
    }

    /// <summary>Reads one opcode; true at STOP.</summary>
    private bool Step()
    {
        var start = _position;
        var opcode = Take(1)[0];
        switch ((char)opcode)
        {
            case '.':
                return true;

            case '(':
                Depth(+1);
                Push(null);
                break;

            // TUPLE, LIST, SETITEMS, APPENDS, ADDITEMS, FROZENSET, POP_MARK: close a mark.
            case 't' or 'l' or 'u' or 'e' or '\x90' or '\x91' or '1':
                Depth(-1);
                Push(null);
                break;

            case 'c':
                Allow(Line(), Line());
                Push(null);
                break;

            case '\x93':
                AllowStackGlobal(start);
                Push(null);
                break;

            // BINUNICODE, SHORT_BINUNICODE, BINUNICODE8, SHORT_BINSTRING, BINSTRING.
            case 'X':
                Push(Text(UInt32()));
                break;
            case '\x8c' or 'U':
                Push(Text(Take(1)[0]));
                break;
            case '\x8d':
                Push(Text(UInt64()));
                break;
            case 'T':
                Push(Text(UInt32()));
                break;

            // BINBYTES, SHORT_BINBYTES, BINBYTES8, LONG1, LONG4: bytes with a length before them.
            case 'B' or '\x8b':
                Skip(UInt32());
                Push(null);
                break;
            case 'C' or '\x8a':
                Skip(Take(1)[0]);
                Push(null);
                break;
            case '\x8e':
                Skip(UInt64());
                Push(null);
                break;

            // BININT, BININT1, BININT2, BINFLOAT, PROTO, FRAME: fixed arguments.
            case 'J':
                Skip(4);
                Push(null);
                break;
            case 'K':
                Skip(1);
                Push(null);
                break;
            case 'M':
                Skip(2);
                Push(null);
                break;
            case 'G':
                Skip(8);
                Push(null);
                break;
            case '\x80':
                Skip(1);
                break;
            case '\x95':
                Skip(8);
                break;

            // The memo: BINPUT, LONG_BINPUT, MEMOIZE, BINGET, LONG_BINGET.
            case 'q':
                _memo[Take(1)[0]] = _top;
                break;
            case 'r':
                _memo[UInt32()] = _top;
                break;
            case '\x94':
                _memo[_memo.Count] = _top;
                break;
            case 'h':
                Push(_memo.GetValueOrDefault(Take(1)[0]));
                break;
            case 'j':
                Push(_memo.GetValueOrDefault(UInt32()));
                break;

            case '}':
                _dictionaries.Add(start);
                Push(null);
                break;

            // NONE, NEWTRUE, NEWFALSE, other empty containers, small tuples, SETITEM, APPEND, REDUCE, NEWOBJ, BUILD, BINPERSID, POP.
            case 'N' or '\x88' or '\x89' or ']' or ')' or '\x8f' or '\x85' or '\x86' or '\x87' or 's' or 'a' or 'R' or '\x81' or 'b'
                or 'Q' or '0':
                Push(null);
                break;

            default:
                throw new CheckpointException(
                    CheckpointErrorCode.UnsafePickle,
                    $"The checkpoint's pickle has opcode 0x{opcode:x2} at byte {start}, which no tensor needs; it was not run.");
        }

        return false;
    }

    private readonly void Allow(string module, string name)
    {
        if (!_allowedGlobals.Contains($"{module} {name}"))
        {
            throw new CheckpointException(
                CheckpointErrorCode.UnsafePickle,
                $"The checkpoint's pickle asks for '{Shortened(module)}.{Shortened(name)}'. A checkpoint needs nothing but tensors and "
                + "their containers, so it was refused and nothing was called.");
        }
    }

    private readonly void AllowStackGlobal(int start)
    {
        if (_second is null || _top is null)
        {
            throw new CheckpointException(
                CheckpointErrorCode.UnsafePickle,
                $"The checkpoint's pickle computes the name of a global at byte {start}; it was refused and nothing was called.");
        }

        Allow(_second, _top);
    }

    private void Push(string? text)
    {
        _second = _top;
        _top = text;
    }

    private void Depth(int change)
    {
        _depth += change;
        if (_depth is < 0 or > CheckpointLimits.PickleDepth)
        {
            throw new CheckpointException(
                CheckpointErrorCode.Malformed,
                $"The checkpoint's pickle nests {(_depth < 0 ? "less than nothing" : $"deeper than {CheckpointLimits.PickleDepth}")} "
                + $"at byte {_position - 1}.");
        }
    }

    private string Text(long length) => Encoding.UTF8.GetString(Take(length));

    private string Line()
    {
        var rest = _pickle[_position..];
        var end = rest[..Math.Min(rest.Length, 512)].IndexOf((byte)'\n');
        if (end < 0)
        {
            throw Truncated();
        }

        _position += end + 1;
        return Encoding.UTF8.GetString(rest[..end]);
    }

    private uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    private long UInt64()
    {
        var value = BinaryPrimitives.ReadUInt64LittleEndian(Take(8));
        return value > int.MaxValue ? throw Truncated() : (long)value;
    }

    private void Skip(long length) => Take(length);

    private ReadOnlySpan<byte> Take(long length)
    {
        if (length > _pickle.Length - _position)
        {
            throw Truncated();
        }

        var taken = _pickle.Slice(_position, (int)length);
        _position += (int)length;
        return taken;
    }

    private readonly CheckpointException Truncated() => new(
        CheckpointErrorCode.Truncated,
        $"The checkpoint's pickle ends inside an opcode: {_pickle.Length} bytes are there, more are announced at byte {_position}.");

    private static string Shortened(string text) => text.Length <= 80 ? text : $"{text[..80]}...";
}
