using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary>What storage let this machine do.</summary>
/// <param name="BlobService">The account's blob service.</param>
/// <param name="ByIdentity">True for an identity, false for a connection string.</param>
/// <param name="Checks">What was tried.</param>
internal sealed record DoctorStorage(Uri BlobService, bool ByIdentity, IReadOnlyList<StorageCheck> Checks);
