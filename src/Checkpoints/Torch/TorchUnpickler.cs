using Razorvine.Pickle;

namespace Nanodet.Checkpoints.Torch;

/// <summary>
/// Turns the pickle of a checkpoint into dictionaries, lists and <see cref="TorchTensor"/>s. Every class or function that a
/// pickle may name stands in <see cref="AllowedGlobals"/> and is played by a constructor of this project, so nothing that a
/// checkpoint says is ever executed.
/// </summary>
internal sealed class TorchUnpickler : Unpickler
{
    private static readonly Dictionary<string, IObjectConstructor> Constructors = AllConstructors();

    private const int StackCapacity = 256;

    private readonly Func<StorageReference, TorchStorage> _resolve;

    static TorchUnpickler()
    {
        foreach (var (name, constructor) in Constructors)
        {
            var parts = name.Split(' ');
            registerConstructor(parts[0], parts[1], constructor);
        }
    }

    private TorchUnpickler(Func<StorageReference, TorchStorage> resolve) => _resolve = resolve;

    /// <summary>What a pickle may name, as <c>module name</c>.</summary>
    public static IReadOnlySet<string> AllowedGlobals { get; } = Constructors.Keys.ToHashSet();

    /// <summary>Reads one pickle.</summary>
    /// <param name="pickle">The bytes from the first opcode on; what follows STOP is left alone.</param>
    /// <param name="resolve">Finds the storage that a tensor refers to.</param>
    /// <param name="length">The pickle's bytes, STOP included.</param>
    /// <returns>The root object.</returns>
    /// <exception cref="CheckpointException">The pickle is unsafe, malformed or over a limit.</exception>
    public static object? Read(ReadOnlyMemory<byte> pickle, Func<StorageReference, TorchStorage> resolve, out int length)
    {
        length = PickleGuard.Check(pickle.Span, AllowedGlobals, out var dictionaries);
        using var unpickler = new TorchUnpickler(resolve);
        try
        {
            return unpickler.loads(WithStrictDictionaries(pickle.Span[..length], dictionaries), StackCapacity);
        }
        catch (Exception exception) when (exception is not (CheckpointException or OutOfMemoryException))
        {
            // The library reports a damaged pickle by whatever its stack machine tripped over: a cast, an index, an end of stream.
            throw exception.InnerException as CheckpointException ?? new CheckpointException(
                CheckpointErrorCode.Malformed,
                $"The checkpoint's pickle does not describe tensors: {exception.Message}",
                exception);
        }
    }

    /// <inheritdoc/>
    protected override object persistentLoad(object pid) =>
        pid is object[] and ["storage", StorageClassConstructor type, string key, _, var elements, ..]
            ? _resolve(new StorageReference(key, type.Type, elements is int or long ? Convert.ToInt64(elements) : -1))
            : throw new PickleException("a persistent id that is no storage");

    /// <summary>
    /// Replaces each EMPTY_DICT by a call of OrderedDict. The library's plain dictionary takes a key that comes twice, and keeps
    /// another of the two values than PyTorch does; <see cref="PickledDictionary"/> refuses it.
    /// </summary>
    private static byte[] WithStrictDictionaries(ReadOnlySpan<byte> pickle, IReadOnlyList<int> dictionaries)
    {
        var call = "ccollections\nOrderedDict\n)R"u8;
        var strict = new byte[pickle.Length + (dictionaries.Count * (call.Length - 1))];
        var (read, written) = (0, 0);
        foreach (var dictionary in dictionaries)
        {
            pickle[read..dictionary].CopyTo(strict.AsSpan(written));
            written += dictionary - read;
            call.CopyTo(strict.AsSpan(written));
            written += call.Length;
            read = dictionary + 1;
        }

        pickle[read..].CopyTo(strict.AsSpan(written));
        return strict;
    }

    private static Dictionary<string, IObjectConstructor> AllConstructors()
    {
        var tensor = new TensorConstructor();
        var parameter = new ParameterConstructor();
        var constructors = new Dictionary<string, IObjectConstructor>
        {
            ["collections OrderedDict"] = new OrderedDictConstructor(),
            ["torch._utils _rebuild_tensor"] = tensor,
            ["torch._utils _rebuild_tensor_v2"] = tensor,
            ["torch._utils _rebuild_parameter"] = parameter,
            ["torch._utils _rebuild_parameter_with_state"] = parameter,
        };
        foreach (var (name, type) in TorchDTypes.StorageClasses)
        {
            constructors[$"torch {name}"] = new StorageClassConstructor(type);
        }

        return constructors;
    }
}
