namespace Nanodet.Checkpoints.Torch;

/// <summary>
/// Stands for a class or function that a pickle names, for what a call of it would give, and for plain values that nobody reads. Nothing is
/// imported, called or built for it: it knows a name and, as a dictionary of a class of its own has them, the items that were set.
/// </summary>
/// <param name="name">The name of the class or function, such as <c>pathlib.PosixPath</c>.</param>
internal sealed class Placeholder(string name)
{
    private PickledDictionary? _items;
    private bool _ambiguous;

    /// <summary>The name of the class or function, with its module.</summary>
    public string Name { get; } = name;

    /// <summary>Whether the object has the parts of a <c>torch.nn.Module</c>: a whole network, not its weights.</summary>
    public bool IsModule { get; private set; }

    /// <summary>
    /// The items of a dictionary of a class of its own, such as a config's; null where there are none, or where a key came twice.
    /// </summary>
    public PickledDictionary? Items { get; private set; }

    /// <summary>What a call of it would give.</summary>
    /// <param name="arguments">
    /// The arguments. Where the callee is one of Python's own makers, such as <c>copyreg.__newobj__</c>, the first one names the class.
    /// </param>
    public Placeholder Call(object? arguments) => new(
        arguments is object?[] and [Placeholder made, ..] && PickleNames.IsMaker(Name) ? made.Name : Name);

    /// <summary>Takes items, as keys and values in turn.</summary>
    public void TakeItems(ReadOnlySpan<object?> items)
    {
        _items ??= new PickledDictionary();
        for (var i = 0; i < items.Length; i += 2)
        {
            _ambiguous |= !_items.TryAdd(items[i], items[i + 1]);
        }

        Items = _ambiguous ? null : _items;
    }

    /// <summary>Takes the state of the object.</summary>
    public void TakeState(object? state)
    {
        if (state is PickledDictionary attributes && attributes.Keys.Contains("_modules") && attributes.Keys.Contains("_parameters"))
        {
            IsModule = true;
        }
    }
}
