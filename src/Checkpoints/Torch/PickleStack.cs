namespace Nanodet.Checkpoints.Torch;

/// <summary>The values that a pickle has made and not used yet. A mark keeps those below it from being taken before the mark is.</summary>
internal sealed class PickleStack
{
    private readonly List<object?> _values = [];
    private readonly List<int> _marks = [];

    /// <summary>Puts a value on top.</summary>
    public void Push(object? value) => _values.Add(value);

    /// <summary>The top value, which stays.</summary>
    public object? Peek() => _values.Count > Floor ? _values[^1] : throw Empty();

    /// <summary>The top value, which is taken off.</summary>
    public object? Pop()
    {
        var value = Peek();
        _values.RemoveAt(_values.Count - 1);
        return value;
    }

    /// <summary>The top value where there is one, which is taken off; else null.</summary>
    public object? PopOrNull() => _values.Count > Floor ? Pop() : null;

    /// <summary>Opens a mark.</summary>
    /// <param name="position">Where in the pickle, for the message.</param>
    /// <exception cref="CheckpointException">There are too many.</exception>
    public void Mark(int position)
    {
        _marks.Add(_values.Count);
        if (_marks.Count > CheckpointLimits.PickleDepth)
        {
            throw new CheckpointException(
                CheckpointErrorCode.Malformed,
                $"The checkpoint's pickle nests deeper than {CheckpointLimits.PickleDepth} at byte {position}. {SavedForms.Advice}");
        }
    }

    /// <summary>Closes the innermost mark.</summary>
    /// <param name="position">Where in the pickle, for the message.</param>
    /// <returns>The values above it, oldest first, which are taken off.</returns>
    /// <exception cref="CheckpointException">No mark is open.</exception>
    public object?[] PopMark(int position)
    {
        if (_marks.Count == 0)
        {
            throw new CheckpointException(
                CheckpointErrorCode.Malformed, $"The checkpoint's pickle nests less than nothing at byte {position}.");
        }

        var start = Floor;
        var values = new object?[_values.Count - start];
        _values.CopyTo(start, values, 0, values.Length);
        _values.RemoveRange(start, values.Length);
        _marks.RemoveAt(_marks.Count - 1);
        return values;
    }

    private int Floor => _marks.Count == 0 ? 0 : _marks[^1];

    private static CheckpointException Empty() => PickleError.Malformed("an opcode takes a value where none is left");
}
