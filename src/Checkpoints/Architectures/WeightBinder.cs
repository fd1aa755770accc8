using Nanodet.Checkpoints.StateDicts;
using Nanodet.Checkpoints.Torch;

namespace Nanodet.Checkpoints.Architectures;

/// <summary>
/// Hands the checkpoint's tensors to the parts of the network and keeps the account: what was asked for and is missing or has
/// another shape, and what nobody asked for. The network is built to its end in any case, so that one error names everything.
/// </summary>
internal sealed class WeightBinder
{
    private const int NamedInErrors = 20;

    private readonly StateDict? _stateDict;
    private readonly Dictionary<string, int[]> _declared = new(StringComparer.Ordinal);
    private readonly HashSet<string> _optional = new(StringComparer.Ordinal);
    private long _declaredElements;
    private readonly List<string> _missing = [];
    private readonly List<string> _misshaped = [];
    private readonly List<string> _unsound = [];

    /// <summary>Binds to a checkpoint, or to none: then every tensor is zero and only names and shapes are gathered.</summary>
    public WeightBinder(StateDict? stateDict) => _stateDict = stateDict;

    /// <summary>The tensors that the network reads, in the order in which it was built.</summary>
    public IReadOnlyDictionary<string, int[]> Declared => _declared;

    /// <summary>Whether the checkpoint has a tensor, for parts that exist in two forms.</summary>
    public bool Has(string name) => _stateDict?.Tensors.ContainsKey(name) ?? false;

    /// <summary>The values of a tensor that inference needs.</summary>
    /// <param name="name">Its full name.</param>
    /// <param name="shape">The shape that the config implies.</param>
    public float[] Take(string name, params int[] shape)
    {
        var elements = Declare(name, shape);
        if (_stateDict is null)
        {
            return new float[elements];
        }

        if (!_stateDict.Tensors.TryGetValue(name, out var tensor))
        {
            _missing.Add(name);
            return new float[elements];
        }

        if (!tensor.Shape.SequenceEqual(shape.Select(dimension => (long)dimension)))
        {
            _misshaped.Add($"{name} [{string.Join(", ", tensor.Shape)}] instead of [{string.Join(", ", shape)}]");
            return new float[elements];
        }

        var values = tensor.ToFloat32();
        if (FindUnsound(name, tensor, values) is { } unsound)
        {
            _unsound.Add(unsound);
            return new float[elements];
        }

        return values;
    }

    /// <summary>Says what is wrong with the values of a tensor, or null.</summary>
    private string? FindUnsound(string name, TorchTensor tensor, float[] values)
    {
        var variance = name.EndsWith(".running_var", StringComparison.Ordinal);
        var (first, count) = (-1, 0);
        for (var i = 0; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i]) || (variance && values[i] < 0))
            {
                first = first < 0 ? i : first;
                count++;
            }
        }

        if (first < 0)
        {
            return null;
        }

        var what = values[first] switch
        {
            float.NaN => "NaN",
            float.PositiveInfinity => "infinity",
            float.NegativeInfinity => "-infinity",
            var value => $"{value}, a negative variance",
        };
        var inFile = _stateDict!.Form.Prefix is { Length: > 0 } prefix ? $" (in the file '{prefix}{name}')" : "";
        var range = float.IsInfinity(values[first]) && tensor.Type == TorchDType.Float64
            ? $" The file has it in double precision; single precision ends at {float.MaxValue}."
            : "";
        return $"tensor '{name}'{inFile} holds {what} at {tensor.IndexOf(first)}, "
            + $"the first of {count} such values among {values.Length}.{range}";
    }

    /// <summary>Notes a tensor, within the limits: what a config describes is allocated, be it in the checkpoint or not.</summary>
    private int Declare(string name, int[] shape)
    {
        long elements = 1;
        foreach (var dimension in shape)
        {
            elements *= dimension;
            if (elements > CheckpointLimits.NetworkElements)
            {
                break;
            }
        }

        if (_declared.TryAdd(name, shape))
        {
            _declaredElements += elements;
        }

        return _declaredElements <= CheckpointLimits.NetworkElements && _declared.Count <= CheckpointLimits.NetworkTensors
            ? (int)elements
            : throw new CheckpointException(
                CheckpointErrorCode.TooLarge,
                "The config describes too large a network: "
                + $"at most {CheckpointLimits.NetworkElements} weights in at most {CheckpointLimits.NetworkTensors} tensors "
                + $"are built, {name} is beyond that.");
    }

    /// <summary>
    /// Declares tensors that the official module owns and never reads, such as the regression branch of a head that shares one
    /// branch: they may be there or not.
    /// </summary>
    /// <param name="prefix">What their names start with.</param>
    public void Ignore(string prefix) => _optional.Add(prefix);

    /// <summary>Closes the account.</summary>
    /// <exception cref="CheckpointException">
    /// A tensor has values that are no weights (<see cref="CheckpointErrorCode.InvalidWeights"/>, whatever else is wrong), or one is
    /// missing, misshaped or left over.
    /// </exception>
    public void RequireComplete()
    {
        if (_stateDict is null)
        {
            return;
        }

        if (_unsound.Count > 0)
        {
            throw new CheckpointException(
                CheckpointErrorCode.InvalidWeights,
                $"The checkpoint's weights are unsound: {_unsound[0]} "
                + (_unsound.Count > 1 ? $"So it is in {_unsound.Count} tensors. " : "")
                + "Finite weights were expected, and variances of 0 or more. Training diverged or overflowed: use an earlier checkpoint.");
        }

        var leftOver = _stateDict.Tensors.Keys
            .Where(name => StateDict.IsInference(name) && !StateDict.IsBookkeeping(name) && !_declared.ContainsKey(name)
                && !_optional.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)))
            .Order(StringComparer.Ordinal)
            .ToList();
        if (_missing.Count == 0 && _misshaped.Count == 0 && leftOver.Count == 0)
        {
            return;
        }

        throw new CheckpointException(
            CheckpointErrorCode.Incomplete,
            $"The checkpoint does not fit the config ({_declared.Count} inference tensors were expected). "
            + "No weight is guessed, so nothing was exported."
            + List("Missing", _missing) + List("Of another shape", _misshaped) + List("Left over", leftOver)
            + Hint(leftOver));
    }

    private string Hint(List<string> leftOver)
    {
        foreach (var part in (string[])["backbone.", "fpn.", "head."])
        {
            var declared = _declared.Keys.Count(name => name.StartsWith(part, StringComparison.Ordinal));
            if (declared > 0 && _missing.Count(name => name.StartsWith(part, StringComparison.Ordinal)) == declared)
            {
                return leftOver.Any(name => name.StartsWith(part, StringComparison.Ordinal))
                    ? $" All of {part}* differs: the config is most likely that of another model."
                    : $" All of {part}* is missing: the checkpoint is only a part of a model. Backbone weights are never downloaded. "
                        + $"Where several files share the weights, load all of them into the model, then: {SavedForms.Save}";
            }
        }

        return _misshaped.Count > 0 && _missing.Count == 0 && leftOver.Count == 0
            ? " The names agree and shapes differ: the config is most likely that of a model of another size or class count."
            : "";
    }

    private static string List(string title, List<string> names) => names.Count == 0
        ? ""
        : $" {title} ({names.Count}): {string.Join(", ", names.Take(NamedInErrors))}"
            + $"{(names.Count > NamedInErrors ? $" and {names.Count - NamedInErrors} more" : "")}.";
}
