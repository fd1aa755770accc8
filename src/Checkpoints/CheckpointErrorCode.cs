namespace Nanodet.Checkpoints;

/// <summary>The stable codes of <see cref="CheckpointException"/>.</summary>
public static class CheckpointErrorCode
{
    /// <summary>The bytes are no file that <c>torch.save</c> writes.</summary>
    public const string NotACheckpoint = "not_a_checkpoint";

    /// <summary>The archive ends too early, or one of its records does.</summary>
    public const string Truncated = "truncated_checkpoint";

    /// <summary>A limit on sizes or counts was exceeded before anything was allocated.</summary>
    public const string TooLarge = "checkpoint_too_large";

    /// <summary>
    /// The pickle names a function that runs code in Python, has an opcode that no tensor needs, or has an object of an unknown class where
    /// weights belong. Nothing was called.
    /// </summary>
    public const string UnsafePickle = "unsafe_pickle";

    /// <summary>The archive or its pickle contradicts itself.</summary>
    public const string Malformed = "malformed_checkpoint";

    /// <summary>
    /// A form that exists but is not read here: a whole module, TorchScript, quantised or sharded weights, another byte order.
    /// </summary>
    public const string UnsupportedForm = "unsupported_checkpoint";

    /// <summary>There is no state dict inside.</summary>
    public const string NoStateDict = "no_state_dict";

    /// <summary>The weights are those of an image classifier or a bare backbone, not of a detector.</summary>
    public const string NotADetector = "not_a_detector";

    /// <summary>Inference tensors are missing, misshaped or left over.</summary>
    public const string Incomplete = "incomplete_checkpoint";

    /// <summary>A weight is infinite or no number, or a variance is negative: training diverged or overflowed.</summary>
    public const string InvalidWeights = "invalid_weights";

    /// <summary>The config is not readable, or a setting in it has no meaning.</summary>
    public const string InvalidConfig = "invalid_config";

    /// <summary>The config names a part that exists in NanoDet but is not built here.</summary>
    public const string UnsupportedArchitecture = "unsupported_architecture";

    /// <summary>The bytes are not an ONNX model.</summary>
    public const string NotAnOnnxModel = "not_an_onnx_model";

    /// <summary>The ranges of activations that an 8-bit model is made with are not complete.</summary>
    public const string IncompleteCalibration = "incomplete_calibration";
}
