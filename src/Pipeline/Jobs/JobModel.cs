using Nanodet.Detection.Results;

namespace Nanodet.Serverless.Pipeline.Jobs;

/// <summary>A model that computed results of a job; forms and precisions are told apart.</summary>
/// <param name="Model">The model, with its precision and form.</param>
/// <param name="Provider">What ran it.</param>
/// <param name="Images">How many images have a result of it, failures of images included.</param>
public sealed record JobModel(ResultModel Model, string Provider, long Images);
