namespace Nanodet.Checkpoints.Torch;

/// <summary>A file that holds the storages that a pickle refers to.</summary>
internal interface IStorageFile
{
    /// <summary>Finds a storage.</summary>
    /// <exception cref="CheckpointException">It is not there, or not as large as it should be.</exception>
    TorchStorage Find(StorageReference reference);

    /// <summary>Is told of a storage whose elements are not read: complex or quantised numbers, or bytes.</summary>
    /// <param name="storageClass">Its class, such as <c>torch.ComplexFloatStorage</c>.</param>
    /// <param name="key">Its name in the file.</param>
    /// <param name="elements">Its number of elements, as the pickle says.</param>
    void Pass(string storageClass, string key, long elements);
}
