using System.Collections;
using Razorvine.Pickle;

namespace Nanodet.Checkpoints.Torch;

/// <summary>Stands for <c>collections.OrderedDict</c>: called without arguments, or with a list of pairs as Python 2 wrote it.</summary>
internal sealed class OrderedDictConstructor : IObjectConstructor
{
    /// <inheritdoc/>
    public object construct(object[] args)
    {
        var dictionary = new PickledDictionary();
        if (args is [ArrayList pairs])
        {
            foreach (var pair in pairs)
            {
                var (key, value) = pair switch
                {
                    object[] { Length: 2 } tuple => (tuple[0], tuple[1]),
                    ArrayList { Count: 2 } list => (list[0]!, list[1]),
                    _ => throw new PickleException("an OrderedDict of something else than pairs"),
                };
                dictionary[key] = value;
            }
        }
        else if (args.Length != 0)
        {
            throw new PickleException("an OrderedDict of something else than a list");
        }

        return dictionary;
    }
}
