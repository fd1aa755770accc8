using System.Collections;

namespace Nanodet.Checkpoints.Torch;

/// <summary>
/// What a dictionary of a pickle becomes, plain or <c>collections.OrderedDict</c>. A state dict carries attributes besides its items (the
/// versions of its modules); they are accepted and dropped. A key that comes twice is refused: which of the two would win is anyone's
/// guess.
/// </summary>
internal sealed class PickledDictionary : Hashtable
{
    /// <inheritdoc/>
    public override object? this[object key]
    {
        get => base[key];
        set
        {
            if (ContainsKey(key))
            {
                throw new CheckpointException(CheckpointErrorCode.Malformed, $"The checkpoint's pickle has the key '{key}' twice.");
            }

            base[key] = value;
        }
    }

#pragma warning disable IDE1006, CA1707, CA1822 // The unpickler finds this method by the name that Python's protocol gives it.
    /// <summary>Takes the attributes of the dictionary object, which nothing here needs.</summary>
    public void __setstate__(Hashtable attributes) => ArgumentNullException.ThrowIfNull(attributes);
#pragma warning restore IDE1006, CA1707, CA1822
}
