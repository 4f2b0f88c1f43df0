// The Express set-up: the application's routes, and the gateway beside them.
import express from "express";
import { serve } from "./express-application.mjs";

serve(express, "express");
