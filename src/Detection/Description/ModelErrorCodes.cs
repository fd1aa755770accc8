namespace Nanodet.Detection.Description;

/// <summary>The stable codes of <see cref="ModelLoadException"/>. Those about storage and other models are the function app's.</summary>
public static class ModelErrorCodes
{
    /// <summary>There is no file at the path, no pointer, or no blob of that name.</summary>
    public const string NotFound = "model_not_found";

    /// <summary>ONNX Runtime cannot read the bytes as a model.</summary>
    public const string NotAnOnnxModel = "not_an_onnx_model";

    /// <summary>Neither the model's metadata nor a NanoDet config beside it says what the model is.</summary>
    public const string MetadataMissing = "model_metadata_missing";

    /// <summary>Metadata, config, inputs or outputs contradict the model format or each other.</summary>
    public const string ContractViolated = "model_contract_violated";

    /// <summary>The execution provider that was asked for cannot be used on this machine.</summary>
    public const string ProviderUnavailable = "provider_unavailable";

    /// <summary>The model does not have the precision that the settings ask for.</summary>
    public const string PrecisionUnavailable = "precision_unavailable";

    /// <summary>The model does not reproduce its parity fixture.</summary>
    public const string ParityFailed = "parity_failed";

    /// <summary>The pointer to the current model is no pointer.</summary>
    internal const string PointerInvalid = "model_pointer_invalid";

    /// <summary>The model's bytes do not have the SHA-256 that they ought to have.</summary>
    internal const string Corrupt = "model_corrupt";

    /// <summary>The storage that holds the model cannot be reached.</summary>
    public const string StorageUnavailable = "model_storage_unavailable";

    /// <summary>The GPU lost the session; it is built again.</summary>
    public const string SessionLost = "session_lost";

    /// <summary>A model that a request names has no room in memory yet, or cannot be loaded now for a reason that is not its own.</summary>
    public const string Busy = "model_busy";

    /// <summary>Loading failed in a way that has no code of its own; the reason says more.</summary>
    internal const string Unexpected = "model_load_failed";

    /// <summary>The model's head has no post-processing: its output can be computed, objects cannot be detected.</summary>
    public const string NoDetections = "model_without_detections";
}
