namespace Nanodet.Checkpoints.Torch;

/// <summary>The forms in which people save models besides their weights, and what to do about each.</summary>
internal static class SavedForms
{
    /// <summary>How weights are saved.</summary>
    public const string Save = "torch.save({'state_dict': model.state_dict()}, 'weights.pth')";

    /// <summary>The same as a sentence.</summary>
    public const string Advice = "Save the weights alone, from where the model is in memory: " + Save;

    private const string Load = "torch.load('FILE', map_location='cpu', weights_only=False)";

    /// <summary>A file of <c>torch.jit.save</c>.</summary>
    /// <param name="sign">How it was recognised.</param>
    public static CheckpointException TorchScript(string sign) => new(
        CheckpointErrorCode.UnsupportedForm,
        $"The file is a TorchScript program ({sign}); a checkpoint of torch.save was expected. Save its weights alone: "
        + "torch.save({'state_dict': torch.jit.load('FILE', map_location='cpu').state_dict()}, 'weights.pth')");

    /// <summary>Weights in 8 bits, or the network that makes them.</summary>
    /// <param name="sign">What shows it, such as <c>'head.gfl_cls.0._packed_params'</c>.</param>
    public static CheckpointException Quantized(string sign) => new(
        CheckpointErrorCode.UnsupportedForm,
        $"The checkpoint is that of a quantised model ({sign}); float weights were expected. Save them before torch.quantization "
        + $"prepares or converts the model: {Save}. A model of 8 bits is made of float weights here, with the precision int8.");

    /// <summary>Weights that several processes or files share.</summary>
    /// <param name="sign">What shows it.</param>
    public static CheckpointException Sharded(string sign) => new(
        CheckpointErrorCode.UnsupportedForm,
        $"The checkpoint is one part of a sharded one ({sign}); one file with all weights was expected. Load all parts into the model, "
        + $"then: {Save}");

    /// <summary>An object where weights were expected.</summary>
    /// <param name="found">The object.</param>
    /// <param name="where">Where it stands: <c>The checkpoint</c>, or <c>Its key 'state_dict'</c>.</param>
    /// <param name="access">How Python takes it out of the loaded file, such as <c>['model']</c>; empty for the file's root.</param>
    public static CheckpointException Object(Placeholder found, string where, string access)
    {
        var name = PickleError.Shortened(found.Name);
        return found.Name.StartsWith("__torch__", StringComparison.Ordinal)
            ? TorchScript($"it names '{name}'")
            : new CheckpointException(
                found.IsModule ? CheckpointErrorCode.UnsupportedForm : CheckpointErrorCode.UnsafePickle,
                $"{where} holds an object of '{name}', not weights"
                + (found.IsModule ? ": a whole module was saved. " : "; most likely a whole module was saved. ")
                + "Objects of unknown classes are not built, and nothing was called. Where that class is installed, save the weights "
                + "alone: "
                + $"torch.save({{'state_dict': {Load}{access}.state_dict()}}, 'weights.pth')");
    }

    /// <summary>An object where a tensor was expected.</summary>
    /// <param name="found">The object.</param>
    /// <param name="tensor">The tensor's name.</param>
    public static CheckpointException NoTensor(Placeholder found, string tensor)
    {
        var name = PickleError.Shortened(found.Name);
        return found.Name switch
        {
            "torch._utils._rebuild_qtensor" => Quantized($"'{tensor}' is of '{name}'"),
            _ when found.Name.StartsWith("torch.Q", StringComparison.Ordinal) => Quantized($"'{tensor}' is of '{name}'"),
            _ when found.Name.StartsWith("torch.distributed.", StringComparison.Ordinal) => Sharded($"'{tensor}' is of '{name}'"),
            _ => new CheckpointException(
                CheckpointErrorCode.UnsafePickle,
                $"The checkpoint's '{tensor}' is no tensor: what '{name}' makes stands there. Only tensors count as weights, so it was "
                + $"refused and nothing was called. {Advice}"),
        };
    }

    /// <summary>How Python saves the weights that stand under another key.</summary>
    /// <param name="access">How Python takes them out of the loaded file, such as <c>['model']</c>.</param>
    public static string SaveFrom(string access) => $"torch.save({{'state_dict': {Load}{access}}}, 'weights.pth')";
}
