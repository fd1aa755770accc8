namespace Nanodet.Checkpoints.Torch;

/// <summary>Stands for <c>collections.OrderedDict</c>: called without arguments, or with a list of pairs as Python 2 wrote it.</summary>
internal sealed class OrderedDictConstructor : IPickledCallable
{
    /// <inheritdoc/>
    public object Call(object?[] arguments)
    {
        var dictionary = new PickledDictionary();
        if (arguments is [List<object?> pairs])
        {
            foreach (var pair in pairs)
            {
                var (key, value) = pair switch
                {
                    object?[] and [var first, var second] => (first, second),
                    List<object?> and [var first, var second] => (first, second),
                    _ => throw PickleError.Malformed("an OrderedDict of something else than pairs"),
                };
                dictionary.Add(key, value);
            }
        }
        else if (arguments.Length != 0)
        {
            throw PickleError.Malformed("an OrderedDict of something else than a list");
        }

        return dictionary;
    }
}
