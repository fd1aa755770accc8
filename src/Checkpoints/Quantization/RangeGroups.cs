namespace Nanodet.Checkpoints.Quantization;

/// <summary>Tensors that share a scale, because an operator between them only moves bytes: disjoint sets by name.</summary>
internal sealed class RangeGroups
{
    private readonly Dictionary<string, string> _parents = new(StringComparer.Ordinal);

    /// <summary>The name that stands for a tensor's group.</summary>
    public string Of(string tensor)
    {
        var root = tensor;
        while (_parents.TryGetValue(root, out var parent))
        {
            root = parent;
        }

        for (var next = tensor; next != root;)
        {
            var parent = _parents[next];
            _parents[next] = root;
            next = parent;
        }

        return root;
    }

    /// <summary>Lets two tensors share a scale.</summary>
    public void Join(string tensor, string other)
    {
        var (root, otherRoot) = (Of(tensor), Of(other));
        if (root != otherRoot)
        {
            _parents[otherRoot] = root;
        }
    }
}
