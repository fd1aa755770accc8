namespace Nanodet.Checkpoints.Torch;

/// <summary>
/// What a dictionary of a pickle becomes: plain, <c>collections.OrderedDict</c> or <c>collections.defaultdict</c>. A state dict carries
/// attributes besides its items (the versions of its modules); they are dropped. A key that comes twice is refused: which of the two would
/// win is anyone's guess. What stands under a key that is no text is counted and dropped: nothing here is looked up by such a key.
/// </summary>
internal sealed class PickledDictionary
{
    private readonly Dictionary<string, object?> _values = new(StringComparer.Ordinal);
    private int _others;

    /// <summary>The number of entries.</summary>
    public int Count => _values.Count + _others;

    /// <summary>The keys that are texts, in the order in which they came.</summary>
    public IReadOnlyCollection<string> Keys => _values.Keys;

    /// <summary>The entries whose keys are texts.</summary>
    public IReadOnlyDictionary<string, object?> Values => _values;

    /// <summary>The value of a key; null where there is none.</summary>
    public object? this[string key] => _values.GetValueOrDefault(key);

    /// <summary>Adds an entry.</summary>
    /// <exception cref="CheckpointException">The key is there already.</exception>
    public void Add(object? key, object? value)
    {
        if (!TryAdd(key, value))
        {
            throw new CheckpointException(
                CheckpointErrorCode.Malformed, $"The checkpoint's pickle has the key '{PickleError.Shortened((string)key!)}' twice.");
        }
    }

    /// <summary>Adds an entry; false where the key is there already.</summary>
    public bool TryAdd(object? key, object? value)
    {
        if (key is string text)
        {
            return _values.TryAdd(text, value);
        }

        _others++;
        return true;
    }
}
