using Nanodet.Checkpoints.Torch;

namespace Nanodet.Checkpoints.StateDicts;

/// <summary>
/// The tensors of a checkpoint under the names that NanoDet's modules give them (<c>backbone.conv1.0.weight</c>), whatever the
/// training wrapped around those names.
/// </summary>
internal sealed class StateDict
{
    private readonly Dictionary<string, TorchTensor> _tensors;

    internal StateDict(IEnumerable<KeyValuePair<string, TorchTensor>> tensors, CheckpointForm form)
    {
        _tensors = new Dictionary<string, TorchTensor>(tensors, StringComparer.Ordinal);
        Form = form;
    }

    /// <summary>How the checkpoint wrapped its tensors.</summary>
    public CheckpointForm Form { get; }

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, TorchTensor> Tensors => _tensors;

    /// <summary>Whether a name belongs to the auxiliary branch, which only training uses.</summary>
    /// <param name="name">A tensor name without wrapper prefixes.</param>
    public static bool IsAuxiliary(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.StartsWith("aux_fpn.", StringComparison.Ordinal) || name.StartsWith("aux_head.", StringComparison.Ordinal);
    }

    /// <summary>Whether a name belongs to the detector that inference runs: backbone, neck or head.</summary>
    /// <param name="name">A tensor name without wrapper prefixes.</param>
    public static bool IsInference(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.StartsWith("backbone.", StringComparison.Ordinal)
            || name.StartsWith("fpn.", StringComparison.Ordinal)
            || name.StartsWith("head.", StringComparison.Ordinal);
    }

    /// <summary>
    /// Whether a name is a constant, a counter, or an extra state of a module that training keeps beside the weights.
    /// </summary>
    /// <param name="name">A tensor name without wrapper prefixes.</param>
    public static bool IsBookkeeping(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.EndsWith(".num_batches_tracked", StringComparison.Ordinal)
            || name.EndsWith("._extra_state", StringComparison.Ordinal)
            || name.EndsWith("distribution_project.project", StringComparison.Ordinal);
    }
}
