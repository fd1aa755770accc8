namespace Nanodet.Serverless.Pipeline.Serving;

/// <summary>Who keeps a loaded model: the warm one, or those that requests name.</summary>
internal interface IModelOwner
{
    /// <summary>Gives a session up that the GPU has lost. Several callers may report the same one.</summary>
    void ReportLost(LoadedModel lost, Exception reason);

    /// <summary>A lease in the place of one whose session was lost; null when there is none in time.</summary>
    Task<ModelLease?> RenewAsync(ModelLease lost, TimeSpan limit, CancellationToken cancellationToken);
}
