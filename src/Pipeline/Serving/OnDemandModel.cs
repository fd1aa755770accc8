namespace Nanodet.Serverless.Pipeline.Serving;

/// <summary>A place of <see cref="OnDemandModels"/>, and the model that is in it or on its way there.</summary>
internal sealed class OnDemandModel(string sha256, string id)
{
    internal string Sha256 { get; } = sha256;

    /// <summary>The model as <c>name/version</c>.</summary>
    internal string Id { get; } = id;

    internal Task<LoadedModel> Loading { get; set; } = null!;

    /// <summary>Leases, and callers that wait for one: while there are any, the place is not given away.</summary>
    internal int Users { get; set; }

    /// <summary>When a use last ended.</summary>
    internal long LastUsed { get; set; }

    internal bool Is(LoadedModel loaded) => Loading.IsCompletedSuccessfully && Loading.Result == loaded;
}
