namespace Nanodet.Serverless.Checkpoints.Torch;

/// <summary>How a pickle refers to a storage: by its key in the archive, with the element type and count it should have.</summary>
internal readonly record struct StorageReference(string Key, TorchDType Type, long Elements);
