using System.Collections;
using Nanodet.Checkpoints.Torch;

namespace Nanodet.Checkpoints.StateDicts;

/// <summary>
/// Finds the detector's tensors in a checkpoint. The rules are those of the official loader, with one difference: it logs what
/// is missing and goes on, this project refuses (see <see cref="Architectures.WeightBinder"/>).
/// </summary>
internal static class StateDictReader
{
    private const string Averaged = "avg_model.";
    private static readonly string[] Wrappers = ["module.", "model."];

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
        if (root is not Hashtable dictionary)
        {
            throw new CheckpointException(
                CheckpointErrorCode.NoStateDict,
                $"The checkpoint holds {Describe(root)}; a dictionary with the key 'state_dict' was expected.");
        }

        var inner = dictionary["state_dict"];
        if (inner is null && dictionary.Values.OfType<TorchTensor>().Any())
        {
            return FromTensors(Tensors(dictionary, "the checkpoint"), trainer: false, bare: true);
        }

        if (inner is not Hashtable wrapped)
        {
            var keys = dictionary.Keys.OfType<string>().Order(StringComparer.Ordinal).Take(8);
            throw new CheckpointException(
                CheckpointErrorCode.NoStateDict,
                $"The checkpoint has no dictionary 'state_dict'; its keys are: {string.Join(", ", keys)}.");
        }

        return FromTensors(Tensors(wrapped, "state_dict"), trainer: dictionary.Count > 1, bare: false);
    }

    private static StateDict FromTensors(Dictionary<string, TorchTensor> tensors, bool trainer, bool bare)
    {
        var form = new CheckpointForm(Averaged: false, Prefix: "", trainer, bare);

        // A Lightning checkpoint holds the live weights (model.*) and their moving average (avg_model.*); evaluation used the average.
        if (tensors.Keys.Any(name => name.StartsWith(Averaged, StringComparison.Ordinal)))
        {
            tensors = Strip(tensors, Averaged);
            form = form with { Averaged = true, Prefix = Averaged };
        }

        for (var wrapper = FindWrapper(tensors); wrapper is not null; wrapper = FindWrapper(tensors))
        {
            tensors = Strip(tensors, wrapper);
            form = form with { Prefix = form.Prefix + wrapper };
        }

        if (!tensors.Keys.Any(StateDict.IsInference))
        {
            throw NotADetector(tensors);
        }

        return new StateDict(tensors, form);
    }

    private static string? FindWrapper(Dictionary<string, TorchTensor> tensors) =>
        tensors.Keys.Any(StateDict.IsInference)
            ? null
            : Wrappers.FirstOrDefault(wrapper => tensors.Keys.Any(name => name.StartsWith(wrapper, StringComparison.Ordinal)));

    private static Dictionary<string, TorchTensor> Strip(Dictionary<string, TorchTensor> tensors, string prefix) =>
        tensors.Where(pair => pair.Key.StartsWith(prefix, StringComparison.Ordinal))
            .ToDictionary(pair => pair.Key[prefix.Length..], pair => pair.Value, StringComparer.Ordinal);

    private static Dictionary<string, TorchTensor> Tensors(Hashtable dictionary, string where)
    {
        var tensors = new Dictionary<string, TorchTensor>(StringComparer.Ordinal);
        foreach (DictionaryEntry entry in dictionary)
        {
            if (entry is { Key: string name, Value: TorchTensor tensor })
            {
                tensors.Add(name, tensor);
            }
        }

        return tensors.Count > 0
            ? tensors
            : throw new CheckpointException(
                CheckpointErrorCode.NoStateDict, $"There is no tensor in {where} ({dictionary.Count} entries).");
    }

    private static CheckpointException NotADetector(Dictionary<string, TorchTensor> tensors)
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
        ArrayList list => $"a list of {list.Count}",
        _ => $"a value of kind {value.GetType().Name}",
    };
}
