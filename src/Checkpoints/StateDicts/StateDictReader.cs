using Nanodet.Checkpoints.Torch;

namespace Nanodet.Checkpoints.StateDicts;

/// <summary>
/// Finds the detector's tensors in a checkpoint. The rules are those of the official loader, with one difference: it logs what
/// is missing and goes on, this project refuses (see <see cref="Architectures.WeightBinder"/>).
/// </summary>
internal static class StateDictReader
{
    private const string Averaged = "avg_model.";

    // What torch.compile puts before the names of a module, wherever in the network that module is.
    private const string Compiled = "_orig_mod";
    private static readonly string[] Wrappers = [Averaged, "module.", "model."];
    private static readonly string[] SignsOfQuantization =
        ["_packed_params", ".zero_point", "fake_quant", "activation_post_process"];

    /// <summary>Reads a state dict from a checkpoint's bytes.</summary>
    /// <param name="file">The whole file. Tensor values are read from it when asked for.</param>
    /// <exception cref="CheckpointException">The bytes hold no detector's state dict.</exception>
    public static StateDict Read(byte[] file)
    {
        if (file.LongLength > CheckpointLimits.FileBytes)
        {
            throw new CheckpointException(
                CheckpointErrorCode.TooLarge,
                $"The checkpoint has {file.LongLength} bytes; at most {CheckpointLimits.FileBytes} are read.");
        }

        return FromRoot(ReadRoot(file));
    }

    private static object? ReadRoot(byte[] file)
    {
        if (LegacyTorchFile.Recognizes(file))
        {
            return LegacyTorchFile.ReadRoot(file);
        }

        // The archive stays open as long as a tensor may be asked for its values.
        return SafetensorsFile.Recognizes(file) ? SafetensorsFile.ReadRoot(file) : TorchArchive.Open(file).ReadRoot();
    }

    private static StateDict FromRoot(object? root)
    {
        root = WithoutClass(root);
        if (root is Placeholder placeholder)
        {
            throw SavedForms.Object(placeholder, "The checkpoint", "");
        }

        if (root is not PickledDictionary dictionary)
        {
            throw new CheckpointException(
                CheckpointErrorCode.NoStateDict,
                $"The checkpoint holds {Describe(root)}; a dictionary with the key 'state_dict' was expected. {SavedForms.Advice}");
        }

        var inner = WithoutClass(dictionary["state_dict"]);
        if (inner is null && dictionary.Values.Values.OfType<TorchTensor>().Any())
        {
            return FromTensors(Tensors(dictionary, "the checkpoint"), trainer: false, bare: true);
        }

        return inner switch
        {
            PickledDictionary wrapped => FromTensors(Tensors(wrapped, "state_dict"), trainer: dictionary.Count > 1, bare: false),
            Placeholder other => throw SavedForms.Object(other, "The checkpoint's key 'state_dict'", "['state_dict']"),
            _ => throw NoStateDict(dictionary),
        };
    }

    /// <summary>The items of a dictionary of a class of its own, which is a dictionary all the same; any other value as it is.</summary>
    private static object? WithoutClass(object? value) => value is Placeholder { IsModule: false, Items: { } items } ? items : value;

    private static CheckpointException NoStateDict(PickledDictionary dictionary)
    {
        var keys = string.Join(", ", dictionary.Keys.Order(StringComparer.Ordinal).Take(8));
        var message = $"The checkpoint has no dictionary 'state_dict'; its keys are: {keys}.";
        foreach (var (key, entry) in dictionary.Values)
        {
            var value = WithoutClass(entry);
            if (value is Placeholder { IsModule: true } module)
            {
                return SavedForms.Object(module, $"The checkpoint has no dictionary 'state_dict', and its key '{key}'", $"['{key}']");
            }

            if (value is PickledDictionary inner && inner.Values.Values.OfType<TorchTensor>().Any())
            {
                return new CheckpointException(
                    CheckpointErrorCode.NoStateDict,
                    $"{message} Tensors stand under '{key}'; if those are the weights: {SavedForms.SaveFrom($"['{key}']")}");
            }
        }

        return new CheckpointException(CheckpointErrorCode.NoStateDict, message);
    }

    private static StateDict FromTensors(Dictionary<string, object> tensors, bool trainer, bool bare)
    {
        var form = new CheckpointForm(Averaged: false, Prefix: "", trainer, bare);
        tensors = WithoutCompilation(tensors);

        // A Lightning checkpoint holds the live weights (model.*) and their moving average (avg_model.*); evaluation used the average.
        for (var wrapper = tensors.Keys.Any(name => name.StartsWith(Averaged, StringComparison.Ordinal)) ? Averaged : FindWrapper(tensors);
             wrapper is not null;
             wrapper = FindWrapper(tensors))
        {
            tensors = Strip(tensors, wrapper);
            form = form with { Averaged = form.Averaged || wrapper == Averaged, Prefix = form.Prefix + wrapper };
        }

        if (!tensors.Keys.Any(StateDict.IsInference))
        {
            throw NotADetector(tensors);
        }

        RefuseObjects(tensors);
        return new StateDict(tensors.Where(pair => pair.Value is TorchTensor)
            .Select(pair => KeyValuePair.Create(pair.Key, (TorchTensor)pair.Value)), form);
    }

    private static string? FindWrapper(Dictionary<string, object> tensors) =>
        tensors.Keys.Any(StateDict.IsInference)
            ? null
            : Wrappers.FirstOrDefault(wrapper => tensors.Keys.Any(name => name.StartsWith(wrapper, StringComparison.Ordinal)));

    private static Dictionary<string, object> Strip(Dictionary<string, object> tensors, string prefix) =>
        tensors.Where(pair => pair.Key.StartsWith(prefix, StringComparison.Ordinal))
            .ToDictionary(pair => pair.Key[prefix.Length..], pair => pair.Value, StringComparer.Ordinal);

    /// <summary>Takes torch.compile's prefix out of every name, wherever it stands in it.</summary>
    private static Dictionary<string, object> WithoutCompilation(Dictionary<string, object> tensors)
    {
        if (!tensors.Keys.Any(name => name.Contains($"{Compiled}.", StringComparison.Ordinal)))
        {
            return tensors;
        }

        var plain = new Dictionary<string, object>(tensors.Count, StringComparer.Ordinal);
        foreach (var (name, tensor) in tensors)
        {
            var plainName = string.Join('.', name.Split('.').Where(part => part != Compiled));
            if (!plain.TryAdd(plainName, tensor))
            {
                throw new CheckpointException(
                    CheckpointErrorCode.Malformed,
                    $"The checkpoint has the tensor '{plainName}' with torch.compile's prefix '{Compiled}.' and without it; "
                    + "one was expected.");
            }
        }

        return plain;
    }

    /// <summary>Where inference reads a tensor, nothing else may stand.</summary>
    private static void RefuseObjects(Dictionary<string, object> tensors)
    {
        foreach (var (name, value) in tensors)
        {
            if (!StateDict.IsInference(name) || StateDict.IsBookkeeping(name))
            {
                continue;
            }

            if (SignsOfQuantization.Any(sign => name.Contains(sign, StringComparison.Ordinal)))
            {
                throw SavedForms.Quantized($"it has '{name}'");
            }

            if (value is Placeholder placeholder)
            {
                throw SavedForms.NoTensor(placeholder, name);
            }
        }
    }

    /// <summary>The tensors, and the placeholders among them.</summary>
    private static Dictionary<string, object> Tensors(PickledDictionary dictionary, string where)
    {
        var tensors = new Dictionary<string, object>(StringComparer.Ordinal);
        foreach (var (name, value) in dictionary.Values)
        {
            if (value is TorchTensor or Placeholder)
            {
                tensors.Add(name, value);
            }
        }

        return tensors.Count > 0
            ? tensors
            : throw new CheckpointException(
                CheckpointErrorCode.NoStateDict, $"There is no tensor in {where} ({dictionary.Count} entries).");
    }

    private static CheckpointException NotADetector(Dictionary<string, object> tensors)
    {
        var examples = string.Join(", ", tensors.Keys.Order(StringComparer.Ordinal).Take(3));
        var classifier = tensors.Keys.Any(
            name => name is "fc.weight" or "classifier.weight" or "conv_stem.weight"
                or "conv1.0.weight" or "conv1.weight" or "features.0.0.weight");
        return new CheckpointException(
            CheckpointErrorCode.NotADetector,
            $"The checkpoint has {tensors.Count} tensors ({examples}, ...) and none of backbone.*, fpn.* or head.*: "
            + (classifier
                ? "it is an ImageNet backbone, not a detector. Use the checkpoint that training saved, such as nanodet_model_best.pth."
                : "it is not a NanoDet detector."));
    }

    private static string Describe(object? value) => value switch
    {
        null => "nothing",
        TorchTensor tensor => $"one tensor of shape [{string.Join(", ", tensor.Shape)}]",
        List<object?> list => $"a list of {list.Count}",
        object?[] tuple => $"a tuple of {tuple.Length}",
        _ => $"a value of kind {value.GetType().Name}",
    };
}
