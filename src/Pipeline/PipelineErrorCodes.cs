namespace Nanodet.Serverless.Pipeline;

/// <summary>The stable codes of <see cref="PipelineException"/>.</summary>
public static class PipelineErrorCodes
{
    /// <summary>A message or a request body is no JSON, or lacks a field.</summary>
    public const string InvalidMessage = "message_invalid";

    /// <summary>A message has a schema version that this build does not read.</summary>
    public const string UnsupportedVersion = "message_version_unsupported";

    /// <summary>A job's request contradicts its ranges.</summary>
    public const string InvalidRequest = "request_invalid";

    /// <summary>A job id is none.</summary>
    public const string InvalidJobId = "job_id_invalid";

    /// <summary>Another request has the id that a job was to have.</summary>
    public const string JobIdTaken = "job_id_taken";

    /// <summary>An idempotency key came with another request before.</summary>
    public const string KeyReused = "idempotency_key_reused";

    /// <summary>The storage settings name no account, or contradict each other.</summary>
    public const string InvalidStorageSettings = "storage_settings_invalid";

    /// <summary>The list of a batch holds fewer images than its reference says.</summary>
    public const string IncompleteList = "batch_list_incomplete";

    /// <summary>Storage refuses to write records of a batch: they have a lease, a legal hold or an immutability policy.</summary>
    public const string RecordsRefused = "records_refused";

    /// <summary>Another publisher moved the pointer to the current model meanwhile.</summary>
    public const string PointerMoved = "model_pointer_moved";

    /// <summary>A version is published once: another model has it already.</summary>
    public const string VersionTaken = "model_version_taken";

    /// <summary>A config has no checkpoint beside it.</summary>
    public const string CheckpointMissing = "checkpoint_missing";

    /// <summary>A checkpoint has no training config beside it.</summary>
    public const string ConfigMissing = "config_missing";

    /// <summary>A checkpoint or a config has more bytes than are read; it was not downloaded.</summary>
    public const string CheckpointTooLarge = "checkpoint_too_large";

    /// <summary>A checkpoint or a config lies in the archive tier.</summary>
    public const string CheckpointArchived = "checkpoint_archived";

    /// <summary>There is no such model to go back to.</summary>
    public const string ModelNotPublished = "model_not_published";
}
