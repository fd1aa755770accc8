namespace Nanodet.Serverless.LocalHost;

/// <summary>A function that the worker offers.</summary>
/// <param name="Name">The function's name.</param>
/// <param name="TriggerType">The type of its trigger binding, for example <c>queueTrigger</c>.</param>
/// <param name="IsDisabled">Whether a setting turned it off: it is listed and never runs.</param>
/// <param name="Route">The path it answers to, with the route prefix, when it has an HTTP trigger.</param>
public sealed record FunctionInfo(string Name, string TriggerType, bool IsDisabled, string? Route);
