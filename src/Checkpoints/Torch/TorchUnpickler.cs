namespace Nanodet.Checkpoints.Torch;

/// <summary>
/// Turns the pickle of a checkpoint into dictionaries, lists, numbers, texts and <see cref="TorchTensor"/>s. It knows the opcodes that
/// describe data. A class or function that a pickle names is looked up in <see cref="PickleNames"/> and in nothing else, so nothing that a
/// checkpoint says is ever imported or run. Nothing here recurses. Opcodes and their arguments: Python's <c>pickletools</c>, protocols 2 to
/// 5.
/// </summary>
internal ref struct TorchUnpickler
{
    private readonly IStorageFile _storages;
    private readonly PickleStack _stack = new();
    private readonly Dictionary<uint, object?> _memo = [];
    private PickleBytes _bytes;

    private TorchUnpickler(ReadOnlySpan<byte> pickle, IStorageFile storages)
    {
        _bytes = new PickleBytes(pickle);
        _storages = storages;
    }

    /// <summary>Reads one pickle.</summary>
    /// <param name="pickle">The bytes from the first opcode on; what follows STOP is left alone.</param>
    /// <param name="storages">Has the storages that tensors refer to.</param>
    /// <param name="length">The pickle's bytes, STOP included.</param>
    /// <returns>
    /// The root object: null, a bool, int, long, double, string, byte[], object[] (a tuple), List, <see cref="PickledDictionary"/>,
    /// <see cref="TorchTensor"/>, <see cref="IPickledCallable"/> or <see cref="Placeholder"/>.
    /// </returns>
    /// <exception cref="CheckpointException">The pickle is unsafe, malformed or over a limit.</exception>
    public static object? Read(ReadOnlySpan<byte> pickle, IStorageFile storages, out int length)
    {
        if (pickle.Length > CheckpointLimits.PickleBytes)
        {
            throw new CheckpointException(
                CheckpointErrorCode.TooLarge,
                $"The checkpoint's pickle has {pickle.Length} bytes; at most {CheckpointLimits.PickleBytes} are read. {SavedForms.Advice}");
        }

        var unpickler = new TorchUnpickler(pickle, storages);
        for (var count = 0; count < CheckpointLimits.PickleOpcodes; count++)
        {
            if (unpickler.Step())
            {
                length = unpickler._bytes.Position;
                return unpickler._stack.Pop();
            }
        }

        throw new CheckpointException(
            CheckpointErrorCode.TooLarge,
            $"The checkpoint's pickle has more than {CheckpointLimits.PickleOpcodes} opcodes. {SavedForms.Advice}");
    }

    /// <summary>Reads one opcode; true at STOP.</summary>
    private bool Step()
    {
        var start = _bytes.Position;
        var opcode = (char)_bytes.Byte();
        if (opcode == '.')
        {
            return true;
        }

        if (!TryValue(opcode) && !TryContainer(opcode, start) && !TryObject(opcode, start) && !TryMemo(opcode))
        {
            throw new CheckpointException(
                CheckpointErrorCode.UnsafePickle,
                $"The checkpoint's pickle has opcode 0x{(int)opcode:x2} at byte {start}, which no tensor needs; it was not run. "
                + SavedForms.Advice);
        }

        return false;
    }

    /// <summary>Values that the opcode brings along.</summary>
    private bool TryValue(char opcode)
    {
        switch (opcode)
        {
            // PROTO, FRAME: no value.
            case '\x80':
                _bytes.Take(1);
                return true;
            case '\x95':
                _bytes.Take(8);
                return true;
        }

        object? value;
        switch (opcode)
        {
            // NONE, NEWTRUE, NEWFALSE.
            case 'N':
                value = null;
                break;
            case '\x88' or '\x89':
                value = opcode == '\x88';
                break;

            // BININT, BININT1, BININT2, BINFLOAT, LONG1, LONG4.
            case 'J':
                value = _bytes.Int32();
                break;
            case 'K':
                value = (int)_bytes.Byte();
                break;
            case 'M':
                value = (int)_bytes.UInt16();
                break;
            case 'G':
                value = _bytes.Double();
                break;
            case '\x8a':
                value = Integer(_bytes.Take(_bytes.Byte()));
                break;
            case '\x8b':
                value = Integer(_bytes.Take(_bytes.UInt32()));
                break;

            // BINUNICODE, SHORT_BINUNICODE, BINUNICODE8, SHORT_BINSTRING, BINSTRING.
            case 'X' or 'T':
                value = _bytes.Text(_bytes.UInt32());
                break;
            case '\x8c' or 'U':
                value = _bytes.Text(_bytes.Byte());
                break;
            case '\x8d':
                value = _bytes.Text(_bytes.Length64());
                break;

            // BINBYTES, SHORT_BINBYTES, BINBYTES8, BYTEARRAY8.
            case 'B':
                value = _bytes.Take(_bytes.UInt32()).ToArray();
                break;
            case 'C':
                value = _bytes.Take(_bytes.Byte()).ToArray();
                break;
            case '\x8e' or '\x96':
                value = _bytes.Take(_bytes.Length64()).ToArray();
                break;
            default:
                return false;
        }

        _stack.Push(value);
        return true;
    }

    /// <summary>Tuples, lists, dictionaries and sets, and what fills them.</summary>
    private readonly bool TryContainer(char opcode, int start)
    {
        switch (opcode)
        {
            // MARK, POP, POP_MARK.
            case '(':
                _stack.Mark(start);
                return true;
            case '0':
                _stack.Pop();
                return true;
            case '1':
                _stack.PopMark(start);
                return true;

            // EMPTY_TUPLE, TUPLE, TUPLE1, TUPLE2, TUPLE3.
            case ')':
                _stack.Push(Array.Empty<object?>());
                return true;
            case 't':
                _stack.Push(_stack.PopMark(start));
                return true;
            case '\x85' or '\x86' or '\x87':
                var tuple = new object?[opcode - '\x84'];
                for (var i = tuple.Length - 1; i >= 0; i--)
                {
                    tuple[i] = _stack.Pop();
                }

                _stack.Push(tuple);
                return true;

            // EMPTY_LIST, LIST, APPEND, APPENDS.
            case ']':
                _stack.Push(new List<object?>());
                return true;
            case 'l':
                _stack.Push(new List<object?>(_stack.PopMark(start)));
                return true;
            case 'a':
                Append(start, [_stack.Pop()]);
                return true;
            case 'e':
                Append(start, _stack.PopMark(start));
                return true;

            // EMPTY_DICT, SETITEM, SETITEMS.
            case '}':
                _stack.Push(new PickledDictionary());
                return true;
            case 's':
                var value = _stack.Pop();
                SetItems(start, [_stack.Pop(), value]);
                return true;
            case 'u':
                SetItems(start, _stack.PopMark(start));
                return true;

            // EMPTY_SET, ADDITEMS, FROZENSET: nobody reads a set.
            case '\x8f':
                _stack.Push(new Placeholder("builtins.set"));
                return true;
            case '\x90':
                _stack.PopMark(start);
                Require(_stack.Peek() is Placeholder, start, "adds to a set");
                return true;
            case '\x91':
                _stack.PopMark(start);
                _stack.Push(new Placeholder("builtins.frozenset"));
                return true;
            default:
                return false;
        }
    }

    /// <summary>Names, calls, states and references to storages.</summary>
    private bool TryObject(char opcode, int start)
    {
        switch (opcode)
        {
            // GLOBAL, STACK_GLOBAL.
            case 'c':
                var line = _bytes.Line();
                _stack.Push(PickleNames.Find(line, _bytes.Line()));
                return true;
            case '\x93':
                _stack.Push(_stack.PopOrNull() is string name && _stack.PopOrNull() is string module
                    ? PickleNames.Find(module, name)
                    : throw new CheckpointException(
                        CheckpointErrorCode.UnsafePickle,
                        $"The checkpoint's pickle computes the name of a global at byte {start}; it was refused and nothing was called. "
                        + SavedForms.Advice));
                return true;

            // REDUCE, NEWOBJ, NEWOBJ_EX with its named arguments.
            case 'R' or '\x81':
                Call(start);
                return true;
            case '\x92':
                _stack.Pop();
                Call(start);
                return true;

            // BUILD.
            case 'b':
                TakeState(start);
                return true;

            // BINPERSID.
            case 'Q':
                _stack.Push(Storage(_stack.Pop()));
                return true;
            default:
                return false;
        }
    }

    /// <summary>BINPUT, LONG_BINPUT, MEMOIZE, BINGET, LONG_BINGET.</summary>
    private bool TryMemo(char opcode)
    {
        switch (opcode)
        {
            case 'q':
                _memo[_bytes.Byte()] = _stack.Peek();
                return true;
            case 'r':
                _memo[_bytes.UInt32()] = _stack.Peek();
                return true;
            case '\x94':
                _memo[(uint)_memo.Count] = _stack.Peek();
                return true;
            case 'h':
                Recall(_bytes.Byte());
                return true;
            case 'j':
                Recall(_bytes.UInt32());
                return true;
            default:
                return false;
        }
    }

    private readonly void Recall(uint index) => _stack.Push(
        _memo.TryGetValue(index, out var value) ? value : throw PickleError.Malformed($"memo {index} is read and was never written"));

    private readonly void Append(int start, object?[] items)
    {
        var target = _stack.Peek();
        Require(target is List<object?> or Placeholder, start, "adds to a list");
        (target as List<object?>)?.AddRange(items);
    }

    private readonly void SetItems(int start, object?[] items)
    {
        var target = _stack.Peek();
        Require((target is PickledDictionary or Placeholder) && items.Length % 2 == 0, start, "sets items of a dictionary");
        if (target is Placeholder placeholder)
        {
            placeholder.TakeItems(items);
            return;
        }

        var dictionary = (PickledDictionary)target!;
        for (var i = 0; i < items.Length; i += 2)
        {
            dictionary.Add(items[i], items[i + 1]);
        }
    }

    private readonly void Call(int start)
    {
        var arguments = _stack.Pop();
        _stack.Push(_stack.Pop() switch
        {
            IPickledCallable known when arguments is object?[] tuple => known.Call(tuple),
            Placeholder placeholder => placeholder.Call(arguments),
            _ => throw PickleError.Malformed($"byte {start} calls what is neither a class nor a function"),
        });
    }

    private readonly void TakeState(int start)
    {
        var state = _stack.Pop();
        var target = _stack.Peek();
        Require(target is Placeholder || (target is PickledDictionary && state is not null), start, "sets the state of an object");
        (target as Placeholder)?.TakeState(state);
    }

    /// <summary>What a persistent id stands for: a storage, or the class of a module in the format from before PyTorch 1.6.</summary>
    private readonly object Storage(object? id)
    {
        switch (id)
        {
            case object?[] and ["storage", StorageClassConstructor type, string key, _, var elements, ..]:
                return _storages.Find(new StorageReference(key, type.Type, Elements(elements)));
            case object?[] and ["storage", Placeholder type, string key, _, var elements, ..]:
                _storages.Pass(type.Name, key, Elements(elements));
                return type;
            case object?[] and ["module", Placeholder module, ..]:
                return module;
            default:
                throw PickleError.Malformed("a persistent id that is no storage");
        }
    }

    private static long Elements(object? value) => value switch
    {
        int number => number,
        long number => number,
        _ => -1,
    };

    /// <summary>An integer, little endian and signed; what is beyond 64 bits is no size of anything.</summary>
    private static object Integer(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > sizeof(long))
        {
            return new Placeholder("builtins.int");
        }

        long value = 0;
        for (var i = bytes.Length - 1; i >= 0; i--)
        {
            value = i == bytes.Length - 1 ? (sbyte)bytes[i] : (value << 8) | bytes[i];
        }

        return value;
    }

    private static void Require(bool holds, int start, string what)
    {
        if (!holds)
        {
            throw PickleError.Malformed($"byte {start} {what}, where there is none");
        }
    }
}
